#include "net/context.h"

#include <zmq.hpp>

#include "base/format.h"

namespace psmith::net {
namespace {

// Sockets of one process: an embedded run has a few for every pair of threads.
constexpr int kSocketMax = 16384;

}  // namespace

struct Context::Impl {
  zmq::context_t context;
};

Context::Context() {
  try {
    impl_ = std::make_unique<Impl>();
    impl_->context.set(zmq::ctxopt::max_sockets, kSocketMax);
  } catch (const zmq::error_t& e) {
    throw Failure(70, error(Code::exhausted, "cannot start zmq: {}", e.what()));
  }
}

Context::~Context() = default;

void* Context::handle() const { return &impl_->context; }

}  // namespace psmith::net
