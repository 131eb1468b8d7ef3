// A push_pull after its blobs were checked: nothing in it is trusted before.
// The lane's thread.
#pragma once

#include <memory>
#include <vector>

#include "store/key_cache.h"
#include "store/sum.h"
#include "store/weights.h"
#include "wire/message.h"

namespace psmith::store {

struct TakenRequest {
  struct Part {
    wire::Leaves leaves;
    Sum sum;
  };
  struct NewList {
    std::size_t table;
    wire::KeyList name;
    std::shared_ptr<KnownList> list;
  };
  std::vector<Part> push;
  // The pulled lists, by part, then table.
  std::vector<std::shared_ptr<KnownList>> pull;
  std::vector<NewList> added;  // lists that came with their keys
  bool unknown_list = false;   // a list was named that is not kept here
};

// What a request is checked against.
struct LaneShape {
  std::span<const placement::Range> ranges;
  std::span<const std::uint32_t> widths;  // by table
  const placement::Placement& placement;
  std::size_t lane_index = 0;
  const KeyCache& keys;
  bool check_owner = true;  // keys must be in this lane's buckets
};

// The step of a push or of a pull, as the reader needs it.
struct StepShape {
  std::uint32_t leaf_count = 0;
  bool eval = false;
};

// Reads blobs in order; every size and order is checked.
class RequestReader {
 public:
  RequestReader(const LaneShape& shape, std::vector<Blob>& blobs)
      : shape_(shape), blobs_(blobs) {}

  // step_of(step): its shape; a leaf count of 0 for no step of the job. All
  // parts of a push are of one step, in the order of their leaves; so are
  // those of a pull, whose step is pull_version.
  template <class StepOf>
  Result<TakenRequest> read(const wire::PushPull& request, StepOf step_of) {
    TakenRequest out;
    if (!request.push.empty()) {
      const auto step = request.push.front().leaves.step;
      const StepShape shape = step_of(step);
      PSM_DO(in_order(request.push, step, shape));
      for (const auto& part : request.push) {
        PSM_DO(read_push(part, shape, out));
      }
    }
    if (!request.pull.empty()) {
      PSM_DO(in_order(request.pull, request.pull_version,
                      step_of(request.pull_version)));
    }
    for (const auto& part : request.pull) PSM_DO(read_pull(part, out));
    PSM_DO(at_end());
    return out;
  }

 private:
  // Disjoint subtrees of the step.
  template <class Part>
  static Status in_order(const std::vector<Part>& parts, std::uint64_t step,
                         StepShape shape) {
    std::uint32_t end = 0;
    for (const auto& part : parts) {
      PSM_DO(check_leaves(part.leaves, step, shape, end));
      end = part.leaves.end;
    }
    return Done{};
  }
  static Status check_leaves(const wire::Leaves& leaves, std::uint64_t step,
                             StepShape shape, std::uint32_t begin_min);
  Status read_push(const wire::PushPart& part, StepShape step,
                   TakenRequest& out);
  Status read_pull(const wire::PullPart& part, TakenRequest& out);
  Status at_end() const;
  Result<Blob> next();
  Result<Values> floats(std::size_t count);
  Result<std::shared_ptr<KnownList>> list(std::size_t table,
                                          const wire::KeyList& name,
                                          TakenRequest& out);
  Status take_keys(const Blob& blob, std::size_t table,
                   std::span<std::uint64_t> mixed) const;

  const LaneShape& shape_;
  std::vector<Blob>& blobs_;
  std::size_t next_ = 0;
};

}  // namespace psmith::store
