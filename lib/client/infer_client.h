// InferClient: predictions from a cluster's workers, streamed in order.
//
// It knows the workers from the master's view, asked for every heartbeat, or
// from a fixed list of addresses, and keeps a DealerSocket to each. A master
// that is silent changes nothing: the last view stands. The decisions are in
// infer_core.h.
//
// Lives on its reactor: everything is for its thread, and the callbacks come
// on it. Callbacks may submit; they must not destroy the client.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/infer_core.h"
#include "wire/message.h"

namespace psmith::net {
class Context;
class Reactor;
}  // namespace psmith::net

namespace psmith::client {

struct InferClientOptions {
  InferSettings settings;
  std::string master;                // asked for workers, unless empty
  std::vector<std::string> workers;  // addresses, all there from the start
  Duration heartbeat = std::chrono::seconds(1);
};

struct InferCallbacks {
  std::function<void(InferCore::Answer)> on_answer;  // in order
  // No answer will come any more. Comes once; nothing comes after.
  std::function<void(const Failure&)> on_failed;
};

class InferClient {
 public:
  // The reactor and the context outlive the client.
  InferClient(net::Context& context, net::Reactor& reactor,
              InferClientOptions options, ModelFile model,
              InferCallbacks callbacks);
  ~InferClient();
  InferClient(const InferClient&) = delete;
  InferClient& operator=(const InferClient&) = delete;

  // Connects. Throws Failure (2) if an address is malformed.
  void start();

  bool open() const;  // room for another batch
  bool idle() const;  // every answer has left
  // REQUIRES: open()
  std::uint64_t submit(wire::Predict request, std::vector<Blob> blobs);

  std::size_t ready_count() const;   // workers that have the model
  std::size_t worker_count() const;  // workers known

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::client
