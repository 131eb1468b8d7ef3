// Context: one libzmq context, its I/O thread and its inproc:// names.
//
// One per process. Threads of an embedded run share it, so that they reach
// each other over inproc://. It outlives every socket made in it; the
// destructor waits for their linger (SocketOptions::linger) to pass. Making
// sockets is safe from any thread.
#pragma once

#include <memory>

namespace psmith::net {

class Context {
 public:
  // Throws Failure (70) if the system has no descriptors left.
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void* handle() const;  // for this module: the zmq::context_t

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::net
