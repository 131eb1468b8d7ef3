#include "session.h"

#include <poll.h>

#include <charconv>

#include "base/format.h"
#include "base/path.h"
#include "net/address.h"
#include "options.h"
#include "report.h"
#include "status.h"

namespace psmith::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadyWait = 60s;
constexpr auto kReadyQuiet = 1s;  // before it says that it waits
constexpr int kReadyPollMs = 50;
constexpr std::size_t kReadyBytesMax = 4096;

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == '\n' || c == '\r' || c == ' '; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  return text;
}

}  // namespace

void declare(CLI::App& app, MasterFlags& flags) {
  app.add_option("--master", flags.master,
                 "where the master listens, or @FILE (its ready-file)")
      ->type_name("ADDRESS");
}

Result<std::string> address_in(const std::string& path) {
  PSM_TRY(auto text, read_small_file(path, kReadyBytesMax));
  auto address = text.ends_with('\n') ? trimmed(std::move(text)) : "";
  if (!address.empty()) return address;
  return error(Code::not_found, "{} holds no address yet", path);
}

static std::string checked(std::string address) {
  if (auto peer = net::parse_peer_address(address); !peer) {
    throw Failure(kUsage, std::move(peer.error()).at("--master"));
  }
  return address;
}

std::string resolve_master(const std::string& master,
                           const Interrupt& interrupt, const Console& console) {
  if (master.empty()) {
    throw Failure(kUsage, error(Code::invalid,
                                "no master is named\nhint: --master "
                                "tcp://HOST:PORT, or set PSMITH_MASTER"));
  }
  if (!master.starts_with('@')) return checked(master);
  const auto path = master.substr(1);
  const auto start = SteadyClock().now();
  bool told = false;
  while (SteadyClock().now() < start + kReadyWait) {
    auto address = address_in(path);
    if (address) return checked(std::move(*address));
    if (address.error().code != Code::not_found) {
      throw Failure(kNoInput, std::move(address.error()).at("--master @FILE"));
    }
    if (!told && SteadyClock().now() > start + kReadyQuiet) {
      told = true;
      console.note(
          format("waits for {}, which psctl master --ready-file "
                 "writes",
                 path));
    }
    struct pollfd wake = {interrupt.fd(), POLLIN, 0};
    if (::poll(&wake, 1, kReadyPollMs) > 0) {
      throw Failure(kFailed, error(Code::timed_out, "interrupted"));
    }
  }
  throw Failure(kUnavailable,
                error(Code::timed_out, "no master wrote {} within {} s", path,
                      kReadyWait.count()));
}

void declare_reconnect(CLI::App& app, Duration& reconnect) {
  add_duration(app, "--reconnect", reconnect,
               "how long to wait for a master that is lost");
}

void SilenceTeller::tell(const client::MasterClient& master) {
  if (!has_news(master)) return;
  silent_ = master.silent();
  if (silent_) {
    console_.warn(format("master {} is silent; waits for it for {}",
                         master.address(), duration_text(reconnect_)));
  } else {
    console_.note(format("master {} is heard again", master.address()));
  }
}

client::MasterOptions master_options(std::string address,
                                     const Interrupt& interrupt,
                                     Duration reconnect, Console& console) {
  return {.address = std::move(address),
          .wake_fd = interrupt.fd(),
          .reconnect = reconnect,
          .on_ask_again = [&console](const std::string& text) {
            console.warn(text);
          }};
}

Session::Session(const MasterFlags& flags, Console& console,
                 Duration reconnect) {
  const auto address = resolve_master(flags.master, interrupt_, console);
  console.detail(format("master {} ({})", address, console.origin("master")));
  master_ =
      std::make_unique<client::MasterClient>(must(client::MasterClient::connect(
          context_, master_options(address, interrupt_, reconnect, console))));
}

wire::JobInfo find_job(client::MasterClient& master, const std::string& word,
                       client::MasterClient::Which which) {
  std::uint64_t number = 0;
  const auto* last = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), last, number);
  const bool counted = parsed.ec == std::errc() && parsed.ptr == last;
  const auto name = word.starts_with('@') ? word.substr(1) : word;
  if (name.empty() || (counted && number == 0)) {
    throw Failure(kUsage,
                  error(Code::invalid,
                        "'{}' names no job: that takes a number from 1, or a "
                        "name\nhint: psctl jobs lists them",
                        printable(word)));
  }
  return must(counted ? master.job(JobId(number)) : master.job(name, which));
}

std::string state_name(wire::JobState state) {
  switch (state) {
    case wire::JobState::queued:
      return "queued";
    case wire::JobState::starting:
      return "starting";
    case wire::JobState::running:
      return "running";
    case wire::JobState::paused:
      return "paused";
    case wire::JobState::done:
      return "done";
    case wire::JobState::failed:
      return "failed";
    case wire::JobState::cancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace psmith::cli
