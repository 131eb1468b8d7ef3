// Requester: one peer, from a thread without a reactor; for commands that ask
// and wait (psctl). Every call has a deadline.
//
//   Requester master(context, {.address = "tcp://h:7700", .who = "master"});
//   PSM_DO(master.connect(5s));
//   PSM_TRY(auto answer, master.request({wire::Jobs{}, {}}, 10s));
//
// One thread. The Context outlives it.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/socket.h"
#include "wire/message.h"

namespace psmith::net {

struct RequesterOptions {
  std::string address;
  std::string who = "master";  // for messages
  // receive() ends (timed_out, "interrupted") while this descriptor is
  // readable: signals. -1: none.
  int wake_fd = -1;
  Duration linger = std::chrono::seconds(1);
};

class Requester {
 public:
  // Throws Failure (2) if the address is malformed.
  Requester(Context& context, RequesterOptions options);
  ~Requester();
  Requester(Requester&&) noexcept;
  Requester& operator=(Requester&&) noexcept;

  // Tries until the peer answers the handshake or the time is over. Error
  // (unavailable): "cannot reach master tcp://h:7700 (refused)". Reasons:
  // refused, host unreachable, no such host, timed out, does not speak psmith,
  // no such file, no permission.
  Status connect(Duration timeout);

  // Errors: unavailable (the connection is gone), exhausted (over the wire's
  // limits).
  Status send(const wire::Message& message);

  // The next message. Errors: timed_out (message: "no answer from master
  // tcp://h:7700 in 5 s"), corrupt (it sent nonsense).
  Result<wire::Message> receive(Duration timeout);
  Result<wire::Message> request(const wire::Message& message, Duration timeout);

  const Counters& counters() const;
  const std::string& address() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::net
