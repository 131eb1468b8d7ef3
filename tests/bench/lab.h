// A lane of a server, and a worker that only sends it messages: what a push
// and a pull cost, without anything that computes gradients.
//
// InnerLane: the lane's state machine alone. Lab: a real server,
// a worker's sockets to it, and a master that only starts the one job; over tcp
// the two ends have a Context each, as two processes do. Both: one thread
// makes, uses and destroys it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "placement/placement.h"
#include "store/lane.h"
#include "wire/message.h"

namespace psmith::bench {

struct LaneOptions {
  std::size_t columns = 0;    // dense: of the model; 0: sparse
  std::uint32_t classes = 0;  // softmax over so many; 0: one output
  std::uint32_t leaves = 1;   // of a step
  std::size_t lanes = 1;      // of a Lab
  optim::Settings optimizer{
      .rule = optim::Rule::sgd, .rate = 1e-6, .mean = false};
  std::size_t key_cache_bytes = std::size_t{1} << 30;
};

// A request of the one job.
wire::PushPull request_of(std::uint64_t seq);
// The push of some leaves' gradient, without its lists.
wire::PushPart push_of(const wire::Leaves& leaves);
// The name of a list, which the keys follow or not.
wire::KeyList list_of(std::uint32_t number, std::size_t key_count,
                      bool with_keys);

// There is no end of its steps.
class InnerLane {
 public:
  explicit InnerLane(const LaneOptions& options);

  // The answer. Throws Failure if it is a refusal.
  wire::Message call(wire::Message request);

  // A push of one sum over some leaves of the step that is open, by list
  // number; its keys come along the first time.
  void push(std::uint32_t begin, std::uint32_t end, std::uint32_t list,
            std::vector<Blob> dense, Blob key, Blob value);
  // The rows of a list that was pushed, at the newest version.
  wire::Message pull(std::uint32_t list);

 private:
  store::Lane lane_;
  std::uint32_t leaves_;
  std::vector<std::size_t> key_count_;  // by list; 0: not known yet
  std::uint64_t seq_ = 0;
};

class Lab {
 public:
  Lab(bool tcp, const LaneOptions& options);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  wire::PushPull request();
  const placement::Placement& placement() const;

  // One request for each lane, whose answers are used as they come. Throws
  // Failure if one is a refusal.
  void call(std::vector<wire::Message> requests,
            const std::function<void(std::size_t lane, wire::Message)>& use);
  // The answer, with one lane.
  wire::Message call(wire::Message request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::bench
