// MasterClient: the control verbs of the master, for commands that ask and
// wait (psctl, psinfer).
//
// Every call has a deadline. A submission carries a random token, so that
// sending it again is harmless; the other verbs are harmless as they are.
// While it follows, the client asks again each heartbeat. A master that was
// silent for `liveness` of them is lost, unless there is a time to reconnect:
// then every call but the first asks it again until that is over. Time in which
// this process was stopped does not count. Numbers of jobs and events mean
// nothing to a master that was started anew without its journal: then every
// call is a `conflict`.
//
// Errors: unavailable (the master is gone, or speaks another wire version),
// conflict (it has forgotten), timed_out ("interrupted" when wake_fd became
// readable), not_found, invalid, exhausted (busy). status_of() gives the exit
// status. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "net/requester.h"
#include "wire/message.h"

namespace psmith::net {
class Context;
}

namespace psmith::client {

struct MasterOptions {
  std::string address;
  int wake_fd = -1;  // readable: stop waiting
  Duration connect_timeout = std::chrono::seconds(5);
  Duration answer_timeout = std::chrono::seconds(10);
  Duration reconnect{};  // how long to wait for a lost master
  // A question is asked again; text: of whom, and how long at most. Once each.
  std::function<void(const std::string& text)> on_ask_again = {};
};

class MasterClient {
 public:
  // Connects and agrees on the wire version. Throws Failure (2) if the address
  // is malformed.
  static Result<MasterClient> connect(net::Context& context,
                                      MasterOptions options);

  Result<JobId> submit(wire::JobSpec spec);
  Status cancel(JobId job);
  Status drop(JobId job);
  // All jobs, without their specs.
  Result<std::vector<wire::JobInfo>> jobs();
  Result<wire::JobInfo> job(JobId job);
  // Of several jobs of that name the live one, or the one that is not over;
  // else the newest.
  enum class Which { live, active };
  Result<wire::JobInfo> job(std::string_view name, Which which);
  Result<wire::NodesOk> nodes();
  // Events after `after_seq` that are kept, of one job or (0) of all.
  Result<std::vector<wire::Event>> events(std::uint64_t after_seq, JobId job);

  // From now on next_events() gives events after `after_seq`, each once.
  Status follow(std::uint64_t after_seq, JobId job);
  // What has come by the time `wait` is over; returns at once when something
  // has. REQUIRES: follow() came before
  Result<std::vector<wire::Event>> next_events(Duration wait);

  // Has it been silent for `liveness` heartbeats? While it follows.
  bool silent() const { return silent_; }

  const std::string& address() const { return requester_.address(); }

 private:
  MasterClient(net::Requester requester, MasterOptions options)
      : requester_(std::move(requester)), options_(std::move(options)) {}
  Status greet();
  template <class Answer>
  Result<Answer> ask(wire::Body request);
  template <class Answer>
  Result<Answer> answer(Duration timeout);
  // An error if the message is of another life of the master.
  Status check(const wire::Message& message) const;
  Status beat(Instant now);
  void forgive(Instant now);
  Error lost() const;
  std::vector<wire::Event> fresh(std::vector<wire::Event> events);

  net::Requester requester_;
  MasterOptions options_;
  Duration heartbeat_ = std::chrono::seconds(1);
  std::uint32_t liveness_ = 4;
  std::uint64_t incarnation_ = 0;  // of the master
  JobId submitted_, followed_;
  std::uint64_t seen_seq_ = 0;
  Instant asked_, heard_, last_turn_;
  bool greeted_ = false, silent_ = false;
};

// The exit status of an error of this module.
int status_of(const Error& error);

// What a Refused means to whoever asked.
Error error_of(const wire::Refused& refused);

}  // namespace psmith::client
