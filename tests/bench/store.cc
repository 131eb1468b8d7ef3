// What a lane computes, without sockets: it takes pushes by known key lists,
// joins them along the tree, runs the optimizer, and answers pulls.
#include <benchmark/benchmark.h>

#include <cstring>
#include <map>

#include "tests/bench/bare.h"
#include "tests/bench/lab.h"
#include "tests/bench/rows.h"

namespace psmith::bench {
namespace {

// The sum over one leaf: its keys, and a gradient.
struct Leaf {
  std::vector<std::uint64_t> keys;
  std::vector<float> gradient;
  Blob key, value, bias;
};

std::vector<Leaf> leaves_of(std::size_t rows, std::size_t leaf_rows,
                            unsigned key_bits) {
  std::vector<Leaf> out;
  const auto keys = std::uint64_t{1} << key_bits;
  for (auto& block :
       blocks_of(zipf_rows({.rows = rows, .keys = keys}), leaf_rows)) {
    Leaf leaf;
    leaf.gradient.assign(block.key.size(), 0.25F);
    leaf.key = Blob::of(block.key);
    leaf.value = Blob::of(leaf.gradient);
    leaf.bias = Blob::of(std::vector<float>{0.5F});
    leaf.keys = std::move(block.key);
    out.push_back(std::move(leaf));
  }
  return out;
}

// The batches of an epoch, of 1000 rows each.
const std::vector<Leaf>& epoch(const benchmark::State& state) {
  static std::map<unsigned, std::vector<Leaf>> made;
  const auto key_bits = static_cast<unsigned>(state.range(0));
  auto& out = made[key_bits];
  if (out.empty()) {
    out = leaves_of(pick(key_bits > 20 ? 200000 : 64000, 2000), 1000, key_bits);
  }
  return out;
}

void count_keys(benchmark::State& state, const std::vector<Leaf>& leaves) {
  std::size_t count = 0;
  for (const auto& leaf : leaves) count += leaf.keys.size();
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(count));
}

// Every leaf is a step.
void push_all(InnerLane& lane, const std::vector<Leaf>& leaves) {
  for (std::uint32_t i = 0; i < leaves.size(); ++i) {
    const auto& leaf = leaves[i];
    lane.push(0, 1, i, {leaf.bias}, leaf.key, leaf.value);
  }
}

optim::Settings rule(optim::Rule rule) {
  return {.rule = rule, .rate = 0.1, .mean = false};
}

// From the second epoch on: every key has its row, every list is known.
void apply(benchmark::State& state, optim::Rule given) {
  const auto& leaves = epoch(state);
  InnerLane lane({.optimizer = rule(given)});
  push_all(lane, leaves);
  for (auto _ : state) push_all(lane, leaves);
  count_keys(state, leaves);
}

void apply_ftrl(benchmark::State& state) { apply(state, optim::Rule::ftrl); }
void apply_dog(benchmark::State& state) { apply(state, optim::Rule::dog); }

void apply_bare(benchmark::State& state) {
  const auto& leaves = epoch(state);
  BareServer server(std::uint64_t{1} << state.range(0));
  for (auto _ : state) {
    for (const auto& leaf : leaves) server.apply(leaf.keys, leaf.gradient);
    benchmark::ClobberMemory();
  }
  count_keys(state, leaves);
}

void pull(benchmark::State& state) {
  const auto& leaves = epoch(state);
  InnerLane lane({.optimizer = rule(optim::Rule::ftrl)});
  push_all(lane, leaves);
  const auto pull_all = [&] {
    for (std::uint32_t i = 0; i < leaves.size(); ++i) {
      benchmark::DoNotOptimize(lane.pull(i));
    }
  };
  pull_all();
  for (auto _ : state) pull_all();
  count_keys(state, leaves);
}

void pull_bare(benchmark::State& state) {
  const auto& leaves = epoch(state);
  BareServer server(std::uint64_t{1} << state.range(0));
  std::vector<float> out;
  for (auto _ : state) {
    for (const auto& leaf : leaves) {
      server.pull(leaf.keys, out);
      benchmark::DoNotOptimize(out.data());
    }
  }
  count_keys(state, leaves);
}

// A step of sixteen leaves of 128 rows: joined along the tree, and applied.
constexpr std::uint32_t kJoined = 16;

std::vector<Leaf> joined() {
  return leaves_of(pick(2048, 128), pick(128, 8), 20);
}

void join(benchmark::State& state) {
  const auto leaves = joined();
  InnerLane lane({.leaves = kJoined});
  const auto step = [&] {
    for (std::uint32_t i = 0; i < kJoined; ++i) {
      const auto& leaf = leaves[i];
      lane.push(i, i + 1, i, {leaf.bias}, leaf.key, leaf.value);
    }
  };
  step();
  for (auto _ : state) step();
  count_keys(state, leaves);
}

void join_copy(benchmark::State& state) {
  const auto leaves = joined();
  std::size_t bytes = 0;
  for (const auto& leaf : leaves) bytes += leaf.key.size() + leaf.value.size();
  std::vector<std::byte> room(bytes);
  for (auto _ : state) {
    auto* to = room.data();
    for (const auto& leaf : leaves) {
      for (const auto& blob : {leaf.key, leaf.value}) {
        std::memcpy(to, blob.bytes().data(), blob.size());
        to += blob.size();
      }
    }
    benchmark::ClobberMemory();
  }
  count_keys(state, leaves);
}

BENCHMARK(apply_ftrl)->Name("apply_ftrl_20/psmith")->Arg(20);
BENCHMARK(apply_bare)->Name("apply_ftrl_20/bare")->Arg(20);
BENCHMARK(apply_ftrl)->Name("apply_ftrl_24/psmith")->Arg(24);
BENCHMARK(apply_bare)->Name("apply_ftrl_24/bare")->Arg(24);
BENCHMARK(apply_dog)->Name("apply_dog_20/psmith")->Arg(20);
BENCHMARK(apply_bare)->Name("apply_dog_20/bare")->Arg(20);
BENCHMARK(pull)->Name("pull_rows_20/psmith")->Arg(20);
BENCHMARK(pull_bare)->Name("pull_rows_20/bare")->Arg(20);
BENCHMARK(pull)->Name("pull_rows_24/psmith")->Arg(24);
BENCHMARK(pull_bare)->Name("pull_rows_24/bare")->Arg(24);
BENCHMARK(join)->Name("join/psmith");
BENCHMARK(join_copy)->Name("join/memcpy");

}  // namespace
}  // namespace psmith::bench
