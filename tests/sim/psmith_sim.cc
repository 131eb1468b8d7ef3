// psmith_sim: runs simulated clusters by seed and compares the bits of each
// with the reference.
//
// With FIRST and LAST all seeds must agree, and those that do not are named;
// with a FAULT planted, one must not. --trace: one run, its events on stderr.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/format.h"
#include "sim/cluster.h"

namespace {

using namespace psmith;

bool plant(store::Faults& faults, const std::string& name) {
  if (name == "no_duplicate_check")
    faults.no_duplicate_check = true;
  else if (name == "add_covered")
    faults.add_covered = true;
  else if (name == "drop_version_early")
    faults.drop_version_early = true;
  else if (name == "accept_stale")
    faults.accept_stale = true;
  else
    return name == "none";
  return true;
}

// Empty: the run ended with the reference's bits.
std::string check(std::uint64_t seed, const store::Faults& faults, bool trace,
                  std::uint64_t& releases) {
  auto scenario = sim::draw(seed);
  scenario.faults = faults;
  const sim::Data data(scenario.spec, seed);
  const auto verdict = sim::simulate(scenario, data, trace);
  releases = verdict.releases;
  if (trace) {
    std::fprintf(stderr, "%s\n%.3f virtual s, %llu messages\n",
                 sim::describe(scenario).c_str(), verdict.virtual_s,
                 static_cast<unsigned long long>(verdict.messages));
  }
  const auto expected = sim::reference(scenario.spec, data);
  const bool weightless =
      verdict.reason.find("has weight 0") != std::string::npos;
  if (!verdict.finished) {
    return weightless && expected.trained_weight == 0 ? "" : verdict.reason;
  }
  if (!sim::same_bits(verdict.outcome, expected)) return "other bits";
  return "";
}

struct Tally {
  explicit Tally(std::uint64_t first) : next(first) {}
  std::atomic<std::uint64_t> next, passed{0}, failed{0}, releases{0};
  std::mutex print;
};

void work(Tally& tally, std::uint64_t last, const store::Faults& faults,
          bool planted) {
  while (true) {
    if (planted && tally.failed > 0) return;
    const auto seed = tally.next.fetch_add(1);
    if (seed > last) return;
    std::uint64_t releases = 0;
    const auto reason = check(seed, faults, false, releases);
    tally.releases += releases;
    if (reason.empty()) {
      ++tally.passed;
      continue;
    }
    ++tally.failed;
    const std::lock_guard lock(tally.print);
    std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(seed),
                reason.c_str(), sim::describe(sim::draw(seed)).c_str());
  }
}

int usage() {
  std::fprintf(stderr,
               "usage: psmith_sim FIRST LAST [FAULT]\n"
               "       psmith_sim --trace SEED [FAULT]\n"
               "faults: no_duplicate_check add_covered drop_version_early "
               "accept_stale\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) return usage();
  store::Faults faults;
  const bool planted = argc == 4 && std::strcmp(argv[3], "none") != 0;
  if (argc == 4 && !plant(faults, argv[3])) return usage();
  if (std::strcmp(argv[1], "--trace") == 0) {
    std::uint64_t releases = 0;
    const auto reason = check(std::stoull(argv[2]), faults, true, releases);
    std::printf("%s\n", reason.empty() ? "same bits" : reason.c_str());
    return reason.empty() ? 0 : 1;
  }
  const auto last = std::stoull(argv[2]);
  Tally tally(std::stoull(argv[1]));
  {
    std::vector<std::jthread> threads;
    const auto count = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) {
      threads.emplace_back([&] { work(tally, last, faults, planted); });
    }
  }
  std::printf(
      "%llu seeds agree, %llu do not; %llu runs of leaves went to "
      "another worker\n",
      static_cast<unsigned long long>(tally.passed.load()),
      static_cast<unsigned long long>(tally.failed.load()),
      static_cast<unsigned long long>(tally.releases.load()));
  // Crashes that take nobody's leaves prove nothing.
  const bool idle = !planted && tally.releases * 4 < tally.passed;
  return (tally.failed != 0) == planted && !idle ? 0 : 1;
}
