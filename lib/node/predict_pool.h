// PredictPool: workers of inference inside this process. Each is a thread with
// a RouterSocket on inproc:// that answers LoadModel and Predict; they share
// one Predictor, so a model is in memory once.
//
// The owner's thread makes and destroys it; the destructor waits for the
// answers in the making. The context and the predictor outlive it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace psmith::net {
class Context;
}

namespace psmith::node {

class Predictor;

class PredictPool {
 public:
  // Throws Failure (70) when the system has no descriptors or threads left.
  PredictPool(net::Context& context, Predictor& predictor,
              std::size_t thread_count);
  ~PredictPool();
  PredictPool(const PredictPool&) = delete;
  PredictPool& operator=(const PredictPool&) = delete;

  // One per thread; others in this context connect to them.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  struct Worker;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace psmith::node
