#include "sim/noticed.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "sim/cluster.h"
#include "sim/reference.h"

namespace psmith::sim {
namespace {

constexpr double kBeat = 1000;  // the default of psctl master, in ms
constexpr std::array<const char*, 3> kCases = {"killed, the master is up",
                                               "killed, the master is down",
                                               "hangs, the master is up"};

// A calm job of half a minute that loses one worker. A lead that is on its own
// waits for ten steps, where these take longer than four heartbeats: here they
// are shorter.
Scenario scenario_of(std::uint64_t seed) {
  auto s = draw(seed);
  Rng rng(seed_of({seed, 23}));
  s.spec.eval = {};
  s.spec.patience = s.spec.eval_every = 0;
  s.spec.model.column_count =
      std::min<std::uint64_t>(s.spec.model.column_count, 9);
  s.spec.checkpoint_folder.clear();
  s.spec.checkpoint_every = 0;
  s.spec.optimizer.rate = 0.001;
  s.spec.epochs = s.spec.step_max = 400;
  s.workers = 2 + rng.below(4);
  s.unfit_worker = false;
  s.worker_crashes_ms.clear();
  s.worker_joins_ms.clear();
  s.worker_hangs_ms.clear();
  s.server_crashes_ms.clear();
  s.master_crashes.clear();
  s.troubles.clear();
  s.files_lost_ms = 0;
  s.weather = {.delay_ms = 0.1 + 0.9 * rng.uniform(), .slow_share = 0};
  s.beat_ms = kBeat;
  s.compute_ms = 30 + 50 * rng.uniform();
  const double ms = 4000 + 6000 * rng.uniform();
  const auto which = seed % kCases.size();
  (which == 2 ? s.worker_hangs_ms : s.worker_crashes_ms).push_back(ms);
  if (which == 1) {
    s.master_crashes.push_back(
        {.ms = ms - 3000 * rng.uniform(), .down_ms = 15'000, .in_turn = false});
  }
  return s;
}

}  // namespace

int noticed(std::uint64_t first, std::uint64_t last) {
  std::array<std::vector<double>, kCases.size()> beats;
  std::size_t bad = 0;
  for (auto seed = first; seed <= last; ++seed) {
    const auto scenario = scenario_of(seed);
    const Data data(scenario.spec, seed);
    const auto verdict = simulate(scenario, data, first == last);
    for (const auto each : verdict.noticed) {
      const double ms = std::chrono::duration<double, std::milli>(each).count();
      beats[seed % kCases.size()].push_back(ms / kBeat);
      if (ms <= kNoticedMax * kBeat) continue;
      ++bad;
      std::printf("seed %llu: %.3f heartbeats\n",
                  static_cast<unsigned long long>(seed), ms / kBeat);
    }
    if (verdict.finished || verdict.weightless()) continue;
    ++bad;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                verdict.reason.c_str());
  }
  const auto fair = static_cast<std::size_t>(last - first + 1) / 6;
  for (std::size_t i = 0; i < kCases.size(); ++i) {
    auto& all = beats[i];
    if (all.size() < fair) ++bad;  // losses without leaves prove nothing
    if (all.empty()) continue;
    std::sort(all.begin(), all.end());
    std::printf(
        "%s: %zu losses; leased again within %.2f heartbeats (median), "
        "%.2f (worst)\n",
        kCases[i], all.size(), all[all.size() / 2], all.back());
  }
  return bad == 0 ? 0 : 1;
}

}  // namespace psmith::sim
