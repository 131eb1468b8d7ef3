#include "tests/bench/echo.h"

#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

namespace psmith::bench {
namespace {

// libzmq's message of memory that stays.
zmq::message_t shared(std::vector<char>& bytes) {
  return {bytes.data(), bytes.size(), [](void*, void*) {}, nullptr};
}

}  // namespace

struct Echo::Impl {
  explicit Impl(const EchoOptions& given)
      : options(given),
        request(given.request_bytes),
        answer(given.answer_bytes),
        router(there, zmq::socket_type::router),
        dealer(given.tcp ? here : there, zmq::socket_type::dealer) {
    router.set(zmq::sockopt::linger, 0);
    dealer.set(zmq::sockopt::linger, 0);
    router.set(zmq::sockopt::sndbuf, given.send_buffer);
    dealer.set(zmq::sockopt::sndbuf, given.send_buffer);
    router.bind(given.tcp ? "tcp://127.0.0.1:*" : "inproc://echo");
    dealer.connect(router.get(zmq::sockopt::last_endpoint));
    thread = std::thread([this] { serve(); });
  }
  // An empty request ends it.
  ~Impl() {
    dealer.send(zmq::message_t(), zmq::send_flags::none);
    thread.join();
  }

  void serve() {
    const bool same = options.request_bytes == options.answer_bytes;
    while (true) {
      zmq::message_t id, body;
      (void)router.recv(id);
      (void)router.recv(body);
      if (body.size() == 0) return;
      router.send(id, zmq::send_flags::sndmore);
      router.send(same ? std::move(body) : shared(answer),
                  zmq::send_flags::none);
    }
  }

  EchoOptions options;
  std::vector<char> request, answer;
  zmq::context_t there, here;
  zmq::socket_t router, dealer;
  std::thread thread;
};

Echo::Echo(const EchoOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
Echo::~Echo() = default;

void Echo::call() {
  impl_->dealer.send(shared(impl_->request), zmq::send_flags::none);
  zmq::message_t answer;
  (void)impl_->dealer.recv(answer);
}

}  // namespace psmith::bench
