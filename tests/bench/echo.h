// Echo: a bare ROUTER on one thread and a DEALER on another, in a libzmq
// context each: what carrying the bytes alone costs. One thread makes, uses
// and destroys it.
#pragma once

#include <cstddef>
#include <memory>

namespace psmith::bench {

struct EchoOptions {
  bool tcp = true;
  std::size_t request_bytes = 0;
  std::size_t answer_bytes = 0;  // equal to request_bytes: the same frame back
  int send_buffer = -1;          // bytes; -1: the system's
};

class Echo {
 public:
  explicit Echo(const EchoOptions& options);
  ~Echo();
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  void call();  // there and back

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::bench
