#include "client/master_client.h"

#include <algorithm>
#include <random>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/format.h"
#include "wire/version.h"

namespace psmith::client {
namespace {

// A question to a master that may have been started anew since.
constexpr Duration kAskAgain = std::chrono::seconds(2);

constexpr int kStatusFailed = 1, kStatusNoInput = 66, kStatusUnavailable = 69,
              kStatusTimedOut = 124, kStatusUsage = 2;

std::uint64_t random_token() {
  std::random_device device;
  const std::uint64_t high = device();
  return high << 32 | device();
}

bool interrupted(const Error& error) {
  return error.message.find("interrupted") != std::string::npos;
}

Instant steady_now() { return SteadyClock().now(); }

std::int64_t seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

Error error_of(const wire::Refused& refused) {
  if (refused.code == "wire_version" || refused.code == "fingerprint") {
    return {Code::conflict, refused.text};
  }
  if (refused.code == "not_found" || refused.code == "unknown_job" ||
      refused.code == "unknown_model") {
    return {Code::not_found, refused.text};
  }
  if (refused.code == "busy") return {Code::exhausted, refused.text};
  if (refused.code == "stale_view") return {Code::conflict, refused.text};
  return {Code::invalid, refused.text};
}

int status_of(const Error& error) {
  switch (error.code) {
    case Code::unavailable:
    case Code::exhausted:
    case Code::conflict:
    case Code::corrupt:
      return kStatusUnavailable;
    case Code::timed_out:
      return interrupted(error) ? kStatusFailed : kStatusTimedOut;
    case Code::not_found:
      return kStatusNoInput;
    case Code::invalid:
      break;
  }
  return kStatusUsage;
}

Result<MasterClient> MasterClient::connect(net::Context& context,
                                           MasterOptions options) {
  net::Requester requester(context, {.address = options.address,
                                     .who = "master",
                                     .wake_fd = options.wake_fd});
  PSM_DO(requester.connect(options.connect_timeout));
  MasterClient master(std::move(requester), std::move(options));
  PSM_DO(master.greet());
  return master;
}

Status MasterClient::greet() {
  wire::Join join;
  join.role = wire::Role::client;
  join.wire_version = wire::kWireVersion;
  join.incarnation = random_token();
  PSM_TRY(const auto ok, ask<wire::JoinOk>(std::move(join)));
  if (ok.heartbeat_ms > 0) {
    heartbeat_ = std::chrono::milliseconds(ok.heartbeat_ms);
  }
  if (ok.liveness > 0) liveness_ = ok.liveness;
  incarnation_ = ok.incarnation;
  greeted_ = true;
  return Done{};
}

Status MasterClient::check(const wire::Message& message) const {
  const auto other = std::visit(
      [&]<class T>(const T& body) {
        constexpr bool signs = std::is_same_v<T, wire::EventsOk> ||
                               std::is_same_v<T, wire::JobsOk>;
        if constexpr (signs) return body.incarnation != incarnation_;
        return false;
      },
      message.body);
  if (!other) return Done{};
  const auto job = followed_ ? followed_ : submitted_;
  return error(Code::conflict, "master {} was restarted{}", address(),
               job ? format("; job {} is lost", job.value()) : "");
}

template <class Answer>
Result<Answer> MasterClient::ask(wire::Body request) {
  const auto reconnect = greeted_ ? options_.reconnect : Duration::zero();
  const auto until = steady_now() + reconnect;
  bool told = !options_.on_ask_again;
  const auto timeout = reconnect == Duration::zero()
                           ? options_.answer_timeout
                           : std::min(options_.answer_timeout, kAskAgain);
  while (true) {
    auto sent = requester_.send({request, {}});
    auto got = sent ? answer<Answer>(timeout)
                    : Result<Answer>(std::move(sent.error()));
    if (got || interrupted(got.error())) return got;
    const bool silent = got.error().code == Code::timed_out;
    if (!silent && got.error().code != Code::unavailable) return got;
    if (steady_now() >= until) {
      return silent ? error(Code::unavailable, "{}", got.error().message)
                    : std::move(got.error());
    }
    if (!std::exchange(told, true)) {
      options_.on_ask_again(
          format("no answer from master {}; asks again, for {} s at most",
                 address(), seconds(options_.reconnect)));
    }
    if (silent) continue;
    auto pause = requester_.receive(kAskAgain);  // what comes is late
    if (!pause && interrupted(pause.error())) return pause.error();
  }
}

// Skips what else the master may send: views, events.
template <class Answer>
Result<Answer> MasterClient::answer(Duration timeout) {
  const auto until = steady_now() + timeout;
  while (true) {
    const auto left = std::max(Duration::zero(), until - steady_now());
    auto received = requester_.receive(left);
    if (!received) {
      auto why = std::move(received.error());
      if (why.code == Code::timed_out || why.code == Code::unavailable) {
        return why;  // it names the master
      }
      return std::move(why).at("master " + address());
    }
    auto& message = *received;
    PSM_DO(check(message));
    if (auto* got = std::get_if<Answer>(&message.body)) return std::move(*got);
    if (auto* no = std::get_if<wire::Refused>(&message.body)) {
      if (no->code == "wire_version") {
        return error(Code::conflict, "master {} refuses: {}", address(),
                     no->text);
      }
      return error_of(*no);
    }
  }
}

Result<JobId> MasterClient::submit(wire::JobSpec spec) {
  wire::Submit submit{.spec = std::move(spec), .token = random_token()};
  auto ok = ask<wire::SubmitOk>(submit);
  if (!ok && ok.error().code == Code::unavailable) {
    ok = ask<wire::SubmitOk>(std::move(submit));  // the token makes it one job
  }
  if (!ok) return std::move(ok.error());
  incarnation_ = ok->incarnation;  // of the life that knows the job
  return submitted_ = ok->job;
}

Status MasterClient::cancel(JobId number) {
  PSM_DO(job(number));  // after a restart the number may be somebody else's
  PSM_TRY(const auto ok, ask<wire::CancelOk>(wire::Cancel{number}));
  (void)ok;
  return Done{};
}

Status MasterClient::drop(JobId job) {
  PSM_TRY(const auto ok, ask<wire::DropOk>(wire::Drop{job}));
  (void)ok;
  return Done{};
}

Result<std::vector<wire::JobInfo>> MasterClient::jobs() {
  PSM_TRY(auto ok, ask<wire::JobsOk>(wire::Jobs{}));
  return std::move(ok.jobs);
}

Result<wire::JobInfo> MasterClient::job(JobId job) {
  if (!job) return error(Code::not_found, "no job 0");
  PSM_TRY(auto ok, ask<wire::JobsOk>(wire::Jobs{.job = job, .name = {}}));
  if (ok.jobs.empty()) return error(Code::not_found, "no job {}", job.value());
  return std::move(ok.jobs.front());
}

Result<wire::JobInfo> MasterClient::job(std::string_view name, Which which) {
  if (name.empty()) return error(Code::not_found, "no job without a name");
  PSM_TRY(auto ok,
          ask<wire::JobsOk>(wire::Jobs{.job = {}, .name = std::string(name)}));
  for (auto& info : ok.jobs) {
    const bool wanted =
        which == Which::live ? info.live : info.state < wire::JobState::done;
    if (wanted) return std::move(info);
  }
  if (ok.jobs.empty()) return error(Code::not_found, "no job named '{}'", name);
  return std::move(ok.jobs.front());
}

Result<wire::NodesOk> MasterClient::nodes() {
  return ask<wire::NodesOk>(wire::Nodes{});
}

Result<std::vector<wire::Event>> MasterClient::events(std::uint64_t after_seq,
                                                      JobId job) {
  std::vector<wire::Event> all;
  while (true) {
    PSM_TRY(auto ok, ask<wire::EventsOk>(wire::Watch{
                         .after_seq = after_seq, .job = job, .follow = false}));
    if (ok.events.empty()) return all;
    after_seq = ok.events.back().seq;
    all.insert(all.end(), std::make_move_iterator(ok.events.begin()),
               std::make_move_iterator(ok.events.end()));
  }
}

Status MasterClient::follow(std::uint64_t after_seq, JobId job) {
  followed_ = job;
  seen_seq_ = after_seq;
  heard_ = last_turn_ = steady_now();
  asked_ = heard_ - heartbeat_;
  auto asked = beat(heard_);
  const bool later = options_.reconnect > Duration::zero() && !asked &&
                     asked.error().code == Code::unavailable;
  if (later) return Done{};  // next_events() goes on asking
  return asked;
}

Status MasterClient::beat(Instant now) {
  if (now - asked_ < heartbeat_) return Done{};
  asked_ = now;
  return requester_.send(
      {wire::Watch{.after_seq = seen_seq_, .job = followed_, .follow = true},
       {}});
}

// Nobody can be heard by a process that was stopped, or busy elsewhere.
void MasterClient::forgive(Instant now) {
  const auto away = now - last_turn_ - heartbeat_;
  if (away > Duration::zero()) heard_ += away;
  last_turn_ = now;
}

Error MasterClient::lost() const {
  const auto patience =
      std::max<Duration>(heartbeat_ * liveness_, options_.reconnect);
  return error(Code::unavailable,
               "lost master {}: silent for {} s\nhint: a job goes on without "
               "its follower; see psctl status",
               address(), seconds(patience));
}

// Those not seen yet: answers to beats overlap with what is pushed.
std::vector<wire::Event> MasterClient::fresh(std::vector<wire::Event> events) {
  std::erase_if(events, [&](const auto& e) { return e.seq <= seen_seq_; });
  if (!events.empty()) seen_seq_ = events.back().seq;
  return events;
}

Result<std::vector<wire::Event>> MasterClient::next_events(Duration wait) {
  const auto until = steady_now() + wait;
  while (true) {
    const auto now = steady_now();
    forgive(now);
    silent_ = now - heard_ > heartbeat_ * liveness_;
    if (silent_ && now - heard_ > options_.reconnect) return lost();
    if (now >= until) return std::vector<wire::Event>();
    auto asked = beat(now);
    if (!asked && asked.error().code != Code::unavailable) return asked.error();
    const Duration turn = std::min<Duration>(until - now, heartbeat_ / 2);
    auto message = requester_.receive(turn);
    if (!message) {
      const auto code = message.error().code;
      if (code == Code::unavailable) continue;  // it may come back in time
      if (code != Code::timed_out || interrupted(message.error())) {
        return std::move(message.error());
      }
      continue;
    }
    heard_ = steady_now();
    silent_ = false;
    PSM_DO(check(*message));
    if (auto* ok = std::get_if<wire::EventsOk>(&message->body)) {
      auto events = fresh(std::move(ok->events));
      if (!events.empty()) return events;
    } else if (auto* no = std::get_if<wire::Refused>(&message->body)) {
      return error_of(*no);
    }
  }
}

}  // namespace psmith::client
