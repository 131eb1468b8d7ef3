// psmith_sim: runs simulated clusters by seed and compares the bits of each
// with the reference.
//
//   psmith_sim --seeds 1..10000                      all must agree
//   psmith_sim --seeds 1..10000 --fault accept_stale  one must not
//   psmith_sim --trace 17 [--fault NAME]    one run, its events on stderr
//   psmith_sim --noticed 1..600             how soon lost workers are noticed
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/format.h"
#include "sim/cluster.h"
#include "sim/faults.h"
#include "sim/noticed.h"

namespace {

using namespace psmith;

struct Options {
  std::uint64_t first = 1, last = 0;
  bool trace = false, noticed = false;
  const sim::Fault* fault = nullptr;
};

// Empty: the run ended with the reference's bits.
std::string check(std::uint64_t seed, const Options& options,
                  std::uint64_t& releases) {
  auto scenario = sim::draw(seed);
  if (options.fault != nullptr) options.fault->plant(scenario);
  const sim::Data data(scenario.spec, seed);
  const auto verdict = sim::simulate(scenario, data, options.trace);
  releases = verdict.releases;
  if (options.trace) {
    std::fprintf(stderr, "%s\n%.3f virtual s, %llu messages\n",
                 sim::describe(scenario).c_str(), verdict.virtual_s,
                 static_cast<unsigned long long>(verdict.messages));
  }
  const auto expected = sim::reference(scenario.spec, data);
  if (!verdict.finished) {
    const bool meant = verdict.weightless() && expected.trained_weight == 0;
    return meant ? "" : verdict.reason;
  }
  if (!sim::same_bits(verdict.outcome, expected)) return "other bits";
  return "";
}

struct Tally {
  explicit Tally(std::uint64_t first) : next(first) {}
  std::atomic<std::uint64_t> next, passed{0}, failed{0}, releases{0};
  std::mutex print;
};

void work(Tally& tally, const Options& options) {
  while (true) {
    if (options.fault != nullptr && tally.failed > 0) return;
    const auto seed = tally.next.fetch_add(1);
    if (seed > options.last) return;
    std::uint64_t releases = 0;
    const auto reason = check(seed, options, releases);
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

int run_all(const Options& options) {
  Tally tally(options.first);
  {
    std::vector<std::jthread> threads;
    const auto count = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) {
      threads.emplace_back([&] { work(tally, options); });
    }
  }
  std::printf(
      "%llu seeds agree, %llu do not; %llu runs of leaves went to "
      "another worker\n",
      static_cast<unsigned long long>(tally.passed.load()),
      static_cast<unsigned long long>(tally.failed.load()),
      static_cast<unsigned long long>(tally.releases.load()));
  // Crashes that take nobody's leaves prove nothing.
  const bool planted = options.fault != nullptr;
  const bool idle = !planted && tally.releases * 4 < tally.passed;
  return (tally.failed != 0) == planted && !idle ? 0 : 1;
}

int usage() {
  std::fprintf(stderr,
               "usage: psmith_sim --seeds FIRST..LAST [--fault NAME]\n"
               "       psmith_sim --trace SEED [--fault NAME]\n"
               "       psmith_sim --noticed FIRST..LAST\nfaults:");
  for (const auto& fault : sim::all_faults()) {
    std::fprintf(stderr, " %s", std::string(fault.name).c_str());
  }
  std::fprintf(stderr, "\n");
  return 2;
}

bool read_number(std::string_view text, std::uint64_t& out) {
  const auto* const end = text.data() + text.size();
  return std::from_chars(text.data(), end, out).ptr == end && !text.empty();
}

bool read_seeds(std::string_view text, Options& out) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) return false;
  return read_number(text.substr(0, dots), out.first) &&
         read_number(text.substr(dots + 2), out.last) && out.first <= out.last;
}

std::optional<Options> read(int argc, char** argv) {
  Options out;
  if (argc != 3 && argc != 5) return std::nullopt;
  if (std::strcmp(argv[1], "--trace") == 0) {
    out.trace = true;
    if (!read_number(argv[2], out.first)) return std::nullopt;
  } else if (!read_seeds(argv[2], out)) {
    return std::nullopt;
  }
  out.noticed = std::strcmp(argv[1], "--noticed") == 0;
  const bool seeds = std::strcmp(argv[1], "--seeds") == 0;
  if (!out.trace && !out.noticed && !seeds) return std::nullopt;
  if (argc == 3) return out;
  if (out.noticed) return std::nullopt;  // its scenarios have no faults
  out.fault = sim::find_fault(argv[4]);
  if (std::strcmp(argv[3], "--fault") != 0 || out.fault == nullptr) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read(argc, argv);
  if (!options) return usage();
  if (options->noticed) return sim::noticed(options->first, options->last);
  if (!options->trace) return run_all(*options);
  std::uint64_t releases = 0;
  const auto reason = check(options->first, *options, releases);
  std::printf("%s\n", reason.empty() ? "same bits" : reason.c_str());
  return reason.empty() ? 0 : 1;
}
