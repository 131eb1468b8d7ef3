#include "sched/event_log.h"

#include <algorithm>
#include <utility>

#include "sched/settings.h"
#include "sched/text.h"

namespace psmith::sched {

void EventLog::append(Turn turn, wire::Event event, Keep keep) {
  event.seq = ++last_seq_;
  event.time_ms = turn.time_ms;
  event.kind = one_line(event.kind, kNameMax);
  event.text = one_line(event.text, kTextMax);
  (keep == Keep::plain ? plain_ : lasting_).push_back(event.seq);
  events_.emplace_hint(events_.end(), event.seq, std::move(event));
  evict();
}

void EventLog::evict() {
  if (plain_.size() > kEventPlainMax ||
      (events_.size() > kEventMax && plain_.size() > kEventPlainMax / 2)) {
    events_.erase(plain_.front());
    plain_.pop_front();
  }
  if (events_.size() <= kEventMax) return;
  auto& seqs = !plain_.empty() && plain_.front() == events_.begin()->first
                   ? plain_
                   : lasting_;
  seqs.pop_front();
  events_.erase(events_.begin());
}

std::vector<const wire::Event*> EventLog::lasting_after(
    std::uint64_t seq) const {
  std::vector<const wire::Event*> out;
  for (auto it = std::upper_bound(lasting_.begin(), lasting_.end(), seq);
       it != lasting_.end(); ++it) {
    out.push_back(&events_.at(*it));
  }
  return out;
}

std::uint64_t EventLog::oldest_lasting() const {
  return lasting_.empty() ? last_seq_ + 1 : lasting_.front();
}

void EventLog::restore(std::uint64_t last_seq,
                       const std::map<std::uint64_t, wire::Event>& lasting) {
  events_ = lasting;
  last_seq_ = last_seq;
  for (const auto& [seq, event] : events_) lasting_.push_back(seq);
  if (!events_.empty()) {
    last_seq_ = std::max(last_seq_, events_.rbegin()->first);
  }
}

wire::EventsOk EventLog::after(std::uint64_t after_seq, JobId job) const {
  wire::EventsOk ok;
  ok.last_seq = last_seq_;
  ok.first_seq = events_.empty() ? last_seq_ + 1 : events_.begin()->first;
  for (auto it = events_.upper_bound(after_seq);
       it != events_.end() && ok.events.size() < kEventBatchMax; ++it) {
    if (!job || it->second.job == job) ok.events.push_back(it->second);
  }
  return ok;
}

std::optional<wire::EventsOk> Followers::follow(Instant now, PeerId peer,
                                                const wire::Watch& watch,
                                                const EventLog& log) {
  if (!followers_.contains(peer) && followers_.size() >= kFollowerMax) {
    return std::nullopt;
  }
  auto& follower = followers_[peer];
  follower = {.sent_seq = std::min(watch.after_seq, log.last_seq()),
              .job = watch.job,
              .heard = now};
  return advance(follower, log);
}

wire::EventsOk Followers::advance(Follower& follower, const EventLog& log) {
  auto ok = log.after(follower.sent_seq, follower.job);
  const bool whole = ok.events.size() < kEventBatchMax;
  follower.sent_seq = whole ? log.last_seq() : ok.events.back().seq;
  return ok;
}

void Followers::expire(Instant oldest) {
  std::erase_if(followers_,
                [&](const auto& each) { return each.second.heard < oldest; });
}

void Followers::shift(Duration by) {
  for (auto& [peer, follower] : followers_) follower.heard += by;
}

Effects Followers::take(const EventLog& log) {
  Effects out;
  for (auto& [peer, follower] : followers_) {
    while (follower.sent_seq < log.last_seq()) {
      auto ok = advance(follower, log);
      if (!ok.events.empty()) out.push_back({peer, {std::move(ok), {}}});
    }
  }
  return out;
}

}  // namespace psmith::sched
