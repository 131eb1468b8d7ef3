// What WorkerCore does as time passes without an answer.
#include <algorithm>

#include "base/format.h"
#include "node/worker_core.h"

namespace psmith::node {

void WorkerCore::tick(Instant now, WorkerEffects& effects) {
  if (stale_) return;
  if (!gave_up_) {
    listen_for_silence(now, effects);
    for (std::size_t lane = 0; lane < requests_.size(); ++lane) {
      ask_or_resend(lane, now, effects);
    }
  }
  ask_for_leases(now, effects);
}

void WorkerCore::ask_or_resend(std::size_t lane, Instant now,
                               WorkerEffects& effects) {
  for (auto& [seq, request] : requests_[lane]) {
    if (now - request.sent < request.wait) continue;
    if (request.again) {
      request.again = false;
      request.wait = kAskAfter;
      send(lane, seq, false, now, effects);
      continue;
    }
    request.sent = now;
    request.wait = std::min<Duration>(request.wait * 2, kAskMax);
    effects.push_back(ToLane{lane,
                             {wire::Ask{.job = record_.job,
                                        .recovery = record_.recovery,
                                        .placement = record_.placement,
                                        .worker = self_,
                                        .seq = seq},
                              {}}});
  }
}

// A worker without leases asks for some. One that only waits for lanes asks
// again for those that it was given: the answer that held them may be lost,
// and then nobody else computes them.
void WorkerCore::ask_for_leases(Instant now, WorkerEffects& effects) {
  const bool waits =
      std::all_of(leases_.begin(), leases_.end(), [](const auto& item) {
        return item.second.stage != Stage::preparing &&
               item.second.stage != Stage::computing;
      });
  const bool stuck = waits && now - moved_ >= 2 * kAskAfter;
  const auto patience = ended_ ? kAskMax : kAskAfter;
  if (!gave_up_ && !leases_.empty() && !stuck) return;
  if (asked_for_leases_ && now - *asked_for_leases_ < patience) return;
  asked_for_leases_ = now;
  effects.push_back(ToLane{0,
                           {wire::LeaseRequest{.job = record_.job,
                                               .recovery = record_.recovery,
                                               .placement = record_.placement,
                                               .worker = self_,
                                               .leaving = gave_up_},
                            {}}});
}

// Time that this process itself stood still is nobody's silence.
void WorkerCore::listen_for_silence(Instant now, WorkerEffects& effects) {
  constexpr auto kTurn = std::chrono::seconds(1);
  const auto since = now - std::exchange(ticked_, now);
  for (std::size_t lane = 0; lane < heard_.size(); ++lane) {
    const bool awaited =
        !requests_[lane].empty() || (lane == 0 && leases_.empty() && !ended_);
    if (!awaited) {
      heard_[lane] = now;
    } else if (since > kTurn) {
      heard_[lane] = std::min(now, heard_[lane] + since);
    } else if (now - heard_[lane] >= kLaneSilence) {
      effects.push_back(GiveUp{
          {Code::unavailable,
           format("lane {} at {} was silent for {} s", lane,
                  record_.lanes[lane].address,
                  std::chrono::duration_cast<std::chrono::seconds>(kLaneSilence)
                      .count())}});
      return;
    }
  }
}

}  // namespace psmith::node
