#include "session.h"

#include <poll.h>

#include <charconv>

#include "base/format.h"
#include "base/path.h"
#include "status.h"

namespace psmith::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadyWait = 60s;
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

std::string resolve_master(const std::string& master,
                           const Interrupt* interrupt) {
  if (master.empty()) {
    throw Failure(kUsage, error(Code::invalid,
                                "no master is named\nhint: --master "
                                "tcp://HOST:PORT, or set PSMITH_MASTER"));
  }
  if (!master.starts_with('@')) return master;
  const auto path = master.substr(1);
  const auto until = SteadyClock().now() + kReadyWait;
  while (SteadyClock().now() < until) {
    auto text = read_small_file(path, kReadyBytesMax);
    if (text && text->ends_with('\n')) {
      const auto address = trimmed(std::move(*text));
      if (!address.empty()) return address;
    }
    struct pollfd wake = {interrupt == nullptr ? -1 : interrupt->fd(), POLLIN,
                          0};
    if (::poll(&wake, 1, kReadyPollMs) > 0) {
      throw Failure(kFailed, error(Code::timed_out, "interrupted"));
    }
  }
  throw Failure(kUnavailable,
                error(Code::timed_out, "no master wrote {} within {} s", path,
                      kReadyWait.count()));
}

Session::Session(const MasterFlags& flags, Console& console) {
  const auto address = resolve_master(flags.master, &interrupt_);
  console.detail(format("master {} ({})", address, console.origin("master")));
  master_ =
      std::make_unique<client::MasterClient>(must(client::MasterClient::connect(
          context_, {.address = address, .wake_fd = interrupt_.fd()})));
}

wire::JobInfo find_job(client::MasterClient& master, const std::string& word) {
  std::uint64_t number = 0;
  const auto* last = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), last, number);
  if (parsed.ec == std::errc() && parsed.ptr == last) {
    return must(master.job(JobId(number)));
  }
  const auto name = word.starts_with('@') ? word.substr(1) : word;
  return must(master.job(name));
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
