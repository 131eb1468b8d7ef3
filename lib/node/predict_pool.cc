#include "node/predict_pool.h"

#include <atomic>
#include <thread>

#include "base/format.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "node/guard.h"
#include "node/predictor.h"

namespace psmith::node {

struct PredictPool::Worker {
  Worker(net::Context& context, Predictor& predictor)
      : router(reactor, context,
               [this, &predictor](PeerId peer, wire::Message request) {
                 router.send(peer, predictor.on(request));
               }) {}

  ~Worker() {
    reactor.stop();
    if (thread.joinable()) thread.join();
  }

  net::Reactor reactor;
  net::RouterSocket router;
  std::jthread thread;
};

PredictPool::PredictPool(net::Context& context, Predictor& predictor,
                         std::size_t thread_count) {
  static std::atomic<std::uint64_t> made{0};
  const auto number = ++made;
  for (std::size_t i = 0; i < thread_count; ++i) {
    auto worker = std::make_unique<Worker>(context, predictor);
    addresses_.push_back(
        worker->router.bind(format("inproc://predict-{}-{}", number, i))
            .value(70));
    // What a message makes it throw is lost with the message: whoever sent it
    // asks again.
    worker->thread = std::jthread([&reactor = worker->reactor] {
      while (failure_of([&] { reactor.run(); })) {
      }
    });
    workers_.push_back(std::move(worker));
  }
}

PredictPool::~PredictPool() = default;

}  // namespace psmith::node
