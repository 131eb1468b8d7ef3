#include "sched/coordinator.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/format.h"
#include "base/rng.h"
#include "sched/text.h"

namespace psmith::sched {
namespace {

constexpr Duration kFollowerSilence = std::chrono::seconds(10);

template <class T, class... Of>
inline constexpr bool kOneOf = (std::is_same_v<T, Of> || ...);

const char* role_name(wire::Role role) {
  return role == wire::Role::server ? "server" : "worker";
}

std::uint64_t milliseconds(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Coordinator::Coordinator(Settings settings, Turn start, const Saved* saved)
    : settings_(std::move(settings)),
      start_id_(settings_.incarnation),
      start_(start.now),
      last_turn_(start.now),
      members_(settings_),
      runner_(settings_, members_, log_) {
  if (saved != nullptr) {
    recorder_.emplace(*saved, start_id_);
    const auto incarnation = saved->master.incarnation;
    if (incarnation != 0) settings_.incarnation = incarnation;
    members_.restore(start.now, *saved);
    log_.restore(saved->master.event, saved->events);
    runner_.restore(start, *saved);
    view_sent_ = members_.view_number();
  }
  wire::Event event;
  event.kind = "master_started";
  event.text = format("{}{}, {}",
                      settings_.listen.empty()
                          ? ""
                          : format("listens at {}; ", settings_.listen),
                      counted(members_.count(wire::Role::server), "server"),
                      counted(members_.count(wire::Role::worker), "worker"));
  log_.append(start, std::move(event));
  if (recorder_) {
    records_ =
        recorder_->take(settings_.incarnation, members_, runner_.jobs(), log_);
  }
}

Records Coordinator::records() { return std::exchange(records_, {}); }

Effects Coordinator::on(Turn turn, PeerId from, const wire::Message& message) {
  begin(turn);
  members_.heard(turn.now, from);
  runner_.heard(turn.now, from);
  std::visit(
      [&]<class T>(const T& body) {
        if constexpr (kOneOf<T, wire::Submit>) {
          answer(from, runner_.submit(turn, from, body));
        } else if constexpr (kOneOf<T, wire::Cancel>) {
          answer(from, runner_.cancel(turn, body));
        } else if constexpr (kOneOf<T, wire::Drop>) {
          answer(from, runner_.drop(turn, body));
        } else if constexpr (kOneOf<T, wire::StartJobOk, wire::JobFailed,
                                    wire::Progress, wire::LaneDone,
                                    wire::CheckpointDone>) {
          report(turn, from, body);
        } else if constexpr (kOneOf<T, wire::Join, wire::Heartbeat, wire::Leave,
                                    wire::Note, wire::Watch, wire::Nodes,
                                    wire::Jobs, wire::Refused>) {
          handle(turn, from, body);
        } else {
          answer(from, refused("bad_message", "this is the master"));
        }
      },
      message.body);
  return finish(turn);
}

Effects Coordinator::tick(Turn turn) {
  begin(turn);
  return finish(turn);
}

// A master that was stopped or starved has heard nobody: it gives that time
// back before it judges.
void Coordinator::begin(Turn turn) {
  const auto away = turn.now - last_turn_ - settings_.heartbeat;
  if (away > settings_.heartbeat) {
    members_.shift(away);
    followers_.shift(away);
  }
  last_turn_ = std::max(last_turn_, turn.now);
}

Effects Coordinator::finish(Turn turn) {
  expire(turn);
  runner_.advance(turn);
  if (members_.view_number() != view_sent_) {
    view_sent_ = members_.view_number();
    const auto view = members_.view(turn.now);
    for (const auto& [node, member] : members_.all()) {
      if (member.peer) answer(member.peer, view);
    }
  }
  for (auto& send : runner_.take()) effects_.push_back(std::move(send));
  for (auto& send : followers_.take(log_)) effects_.push_back(std::move(send));
  if (recorder_) {
    auto more =
        recorder_->take(settings_.incarnation, members_, runner_.jobs(), log_);
    records_.insert(records_.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  }
  for (auto& send : effects_) sign(send.message.body);
  return std::exchange(effects_, {});
}

// A client knows by it that the master was restarted: job 1 is another then.
void Coordinator::sign(wire::Body& body) const {
  std::visit(
      [&]<class T>(T& each) {
        if constexpr (kOneOf<T, wire::JoinOk, wire::SubmitOk, wire::EventsOk,
                             wire::JobsOk>) {
          each.incarnation = settings_.incarnation;
        }
        if constexpr (kOneOf<T, wire::JoinOk>) each.start = start_id_;
        if constexpr (kOneOf<T, wire::JoinOk, wire::HeartbeatOk,
                             wire::StartJob>) {
          each.commit = commit();
        }
      },
      body);
}

void Coordinator::expire(Turn turn) {
  for (const auto& member : members_.expire(turn.now)) {
    gone(turn, member, "expired");
  }
  followers_.expire(turn.now -
                    std::max(members_.silence_max(), kFollowerSilence));
}

Instant Coordinator::next_deadline() const {
  Instant next = runner_.next_deadline();
  if (!members_.empty() || !followers_.empty()) {
    next = std::min(next, last_turn_ + settings_.heartbeat);
    next = std::min(next, members_.next_expiry());
  }
  return next;
}

void Coordinator::answer(PeerId to, wire::Body body) {
  effects_.push_back({to, {std::move(body), {}}});
}

void Coordinator::unknown(PeerId to) {
  answer(to, refused("unknown_node", "join first"));
}

// ---- membership -----------------------------------------------------------

void Coordinator::handle(Turn turn, PeerId from, const wire::Join& join) {
  wire::JoinOk ok;
  ok.heartbeat_ms = milliseconds(settings_.heartbeat);
  ok.liveness = settings_.liveness;
  if (join.role == wire::Role::client &&
      join.wire_version == settings_.wire_version) {
    answer(from, ok);
    return;
  }
  const bool complete = !recorder_ || recorder_->knows(join.start, join.commit);
  if (join.master == settings_.incarnation && !complete) {
    begin_anew(turn, join);
  }
  auto result =
      members_.join(turn.now, from, join, {settings_.incarnation, complete});
  if (auto* no = std::get_if<wire::Refused>(&result)) {
    answer(from, std::move(*no));
    return;
  }
  const auto& yes = std::get<Membership::Joined>(result);
  for (const auto& old : yes.replaced) gone(turn, old, "left");
  ok.node = yes.node;
  answer(from, ok);
  if (yes.fresh) {
    joined(turn, *members_.by_node(yes.node));
  } else {
    answer(from, members_.view(turn.now));
    if (yes.back) runner_.back(turn, *members_.by_node(yes.node));
  }
}

// The journal is older than what the node was told: a copy was put back, or its
// end is lost. Numbers given since may be given again, so they must not be
// taken for the same: this is another master from now on.
void Coordinator::begin_anew(Turn turn, const wire::Join& join) {
  settings_.incarnation =
      seed_of({settings_.incarnation, join.incarnation, join.commit}) | 1;
  wire::Event event;
  event.kind = "journal_is_older";
  event.text = format(
      "{} was told of commit {}, which is not in this journal: what came since "
      "is lost",
      one_line(join.name, kNameMax), join.commit);
  log_.append(turn, std::move(event));
}

std::uint64_t Coordinator::commit() const {
  return recorder_ ? recorder_->commit() : 0;
}

void Coordinator::joined(Turn turn, const Member& member) {
  node_event(turn, member, "joined");
  runner_.joined(turn, member);
}

void Coordinator::gone(Turn turn, const Member& member, const char* how) {
  node_event(turn, member, how);
  runner_.lost(turn, member);
}

void Coordinator::node_event(Turn turn, const Member& member, const char* how) {
  wire::Event event;
  event.node = member.node;
  event.kind = format("{}_{}", role_name(member.role), how);
  event.text = format("{} {}; {}, {}", member.name, how,
                      counted(members_.count(wire::Role::server), "server"),
                      counted(members_.count(wire::Role::worker), "worker"));
  log_.append(turn, std::move(event));
}

void Coordinator::handle(Turn turn, PeerId from, const wire::Heartbeat& beat) {
  const auto* member = members_.by_peer(from);
  if (member == nullptr || member->node != beat.node) {
    unknown(from);
    return;
  }
  members_.set_progress(beat.node, beat.progress);
  answer(from, wire::HeartbeatOk{.view = members_.view_number()});
  if (beat.view != members_.view_number()) {
    answer(from, members_.view(turn.now));
  }
}

void Coordinator::handle(Turn turn, PeerId from, const wire::Leave& leave) {
  const auto* member = members_.by_peer(from);
  if (member == nullptr || member->node != leave.node) return;
  const Member copy = *member;
  members_.remove(copy.node);
  gone(turn, copy, "left");
}

// ---- jobs -----------------------------------------------------------------

template <class Report>
void Coordinator::report(Turn turn, PeerId from, const Report& report) {
  const auto* member = members_.by_peer(from);
  if (member == nullptr) {
    unknown(from);
    return;
  }
  if (auto over = runner_.on(turn, *member, report)) answer(from, *over);
}

void Coordinator::handle(Turn turn, PeerId from, const wire::Note& note) {
  if (const auto* member = members_.by_peer(from)) {
    runner_.on(turn, *member, note);
  } else {
    unknown(from);
  }
}

void Coordinator::handle(Turn, PeerId from, const wire::Jobs& jobs) {
  if (auto ok = runner_.answer(jobs)) {
    answer(from, std::move(*ok));
    return;
  }
  auto no = refused(
      "not_found",
      jobs.job ? format("no job {}", jobs.job.value())
               : format("no job named '{}'", one_line(jobs.name, kNameMax)));
  no.job = jobs.job;
  answer(from, std::move(no));
}

// ---- people ---------------------------------------------------------------

void Coordinator::handle(Turn turn, PeerId from, const wire::Watch& watch) {
  if (!watch.follow) {
    followers_.leave(from);
    answer(from, log_.after(watch.after_seq, watch.job));
    return;
  }
  if (auto first = followers_.follow(turn.now, from, watch, log_)) {
    answer(from, std::move(*first));
  } else {
    answer(from, refused("busy", format("{} peers follow the events already",
                                        kFollowerMax)));
  }
}

void Coordinator::handle(Turn turn, PeerId from, const wire::Nodes&) {
  wire::NodesOk ok;
  ok.view = members_.view(turn.now);
  ok.wire_version = settings_.wire_version;
  ok.uptime_ms = milliseconds(turn.now - start_);
  ok.fingerprint = members_.fingerprint();
  answer(from, std::move(ok));
}

}  // namespace psmith::sched
