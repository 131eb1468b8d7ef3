// Session: a command's connection to a master, and the options for it.
//
// --master ADDRESS, or @FILE: waits for the ready-file of psctl master and
// reads the address from it. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "client/master_client.h"
#include "console.h"
#include "interrupt.h"
#include "net/context.h"

namespace psmith::cli {

struct MasterFlags {
  std::string master;
};

void declare(CLI::App& app, MasterFlags& flags);

// --reconnect, of commands that follow a job or the events.
inline constexpr Duration kReconnect = std::chrono::minutes(10);
void declare_reconnect(CLI::App& app, Duration& reconnect);

// Says once when the master falls silent, and once when it is back.
class SilenceTeller {
 public:
  SilenceTeller(Duration reconnect, Console& console)
      : reconnect_(reconnect), console_(console) {}
  // Would tell() say something?
  bool has_news(const client::MasterClient& master) const {
    return master.silent() != silent_;
  }
  void tell(const client::MasterClient& master);

 private:
  const Duration reconnect_;
  Console& console_;
  bool silent_ = false;
};

// How commands reach their master.
client::MasterOptions master_options(std::string address,
                                     const Interrupt& interrupt,
                                     Duration reconnect, Console& console);

// The address in a ready-file. Error not_found: it is not there, or not whole
// yet.
Result<std::string> address_in(const std::string& path);

// The address itself: @FILE is read, as soon as it is there; a note says that
// it is waited for. Throws Failure: 2 there is none, 66 the file cannot be
// read, 69 it does not come within a minute.
std::string resolve_master(const std::string& master,
                           const Interrupt& interrupt, const Console& console);

class Session {
 public:
  // Throws Failure: 2 no master was given, 69 it cannot be reached.
  Session(const MasterFlags& flags, Console& console, Duration reconnect = {});

  client::MasterClient& master() { return *master_; }
  net::Context& context() { return context_; }
  Interrupt& interrupt() { return interrupt_; }

 private:
  Interrupt interrupt_;
  net::Context context_;
  std::unique_ptr<client::MasterClient> master_;
};

// The value, or throws Failure with the status of the error.
template <class T>
T must(Result<T> result) {
  const int status = result ? 0 : client::status_of(result.error());
  return std::move(result).value(status);
}

// "12" is a job's number, all else its name ("@12" too); of several jobs of a
// name, see MasterClient::job(). Throws Failure: 2 it cannot be either, 66
// there is none.
wire::JobInfo find_job(client::MasterClient& master, const std::string& word,
                       client::MasterClient::Which which);

std::string state_name(wire::JobState state);

}  // namespace psmith::cli
