#include "tests/bench/bare.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>

namespace psmith::bench {
namespace {

constexpr std::size_t kAhead = 24;  // keys
constexpr std::size_t kBatchRows = 1000;
constexpr float kAlpha = 0.1F, kBeta = 1, kL1 = 1;

}  // namespace

void BareServer::pull(const std::vector<std::uint64_t>& key,
                      std::vector<float>& out) {
  out.resize(key.size());
  for (std::size_t i = 0; i < key.size(); ++i) {
    __builtin_prefetch(&row_[key[std::min(i + kAhead, key.size() - 1)]]);
    out[i] = row_[key[i]].w;
  }
}

void BareServer::apply(const std::vector<std::uint64_t>& key,
                       const std::vector<float>& gradient) {
  for (std::size_t i = 0; i < key.size(); ++i) {
    __builtin_prefetch(&row_[key[std::min(i + kAhead, key.size() - 1)]], 1);
    auto& row = row_[key[i]];
    const float g = gradient[i];
    const float root = std::sqrt(row.n);
    row.n += g * g;
    const float next = std::sqrt(row.n);
    row.z += g - (next - root) / kAlpha * row.w;
    const float held =
        std::copysign(std::max(std::fabs(row.z) - kL1, 0.0F), row.z);
    row.w = -kAlpha * held / (kBeta + next);
  }
}

void BareLocaliser::build(const std::uint64_t* entry, std::size_t count,
                          std::vector<std::uint64_t>& key,
                          std::vector<std::uint32_t>& local) {
  ++batch_;
  key.clear();
  local.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    __builtin_prefetch(&seen_[entry[std::min(i + kAhead, count - 1)]], 1);
    auto& seen = seen_[entry[i]];
    if (seen.batch != batch_) {
      seen = {batch_, static_cast<std::uint32_t>(key.size())};
      key.push_back(entry[i]);
    }
    local[i] = seen.local;
  }
}

void bare_gradient(const BareBatch& batch, const std::vector<float>& weight,
                   std::vector<float>& gradient) {
  for (std::size_t r = 0; r < batch.row_count; ++r) {
    const auto begin = batch.row_begin[r], end = batch.row_begin[r + 1];
    std::array<float, 4> sum{};
    auto i = begin;
    for (; i + 4 <= end; i += 4) {
      for (std::uint32_t j = 0; j < 4; ++j) {
        sum[j] += batch.value[i + j] * weight[batch.local[i + j]];
      }
    }
    for (; i < end; ++i) sum[0] += batch.value[i] * weight[batch.local[i]];
    const float z = (sum[0] + sum[2]) + (sum[1] + sum[3]);
    const float delta = 1 / (1 + std::exp(-z)) - batch.label[r];
    for (i = begin; i < end; ++i) {
      gradient[batch.local[i]] += delta * batch.value[i];
    }
  }
}

namespace {

// The rows that run.py writes for the epochs of the whole program, in batches
// of kBatchRows.
const SparseRows& rows(unsigned key_bits) {
  static std::map<unsigned, SparseRows> made;
  auto& out = made[key_bits];
  if (out.row_count() == 0) {
    out =
        zipf_rows({.rows = epoch_rows(), .keys = std::uint64_t{1} << key_bits});
  }
  return out;
}

struct Batch {
  std::size_t row_begin = 0, row_count = 0;
  std::vector<std::uint32_t> begin{0};
  std::vector<std::uint64_t> key;
  std::vector<std::uint32_t> local;
};

std::vector<Batch> batches_of(const SparseRows& rows, std::uint64_t keys) {
  std::vector<Batch> out;
  BareLocaliser localiser(keys);
  for (std::size_t at = 0; at < rows.row_count(); at += kBatchRows) {
    Batch batch;
    batch.row_begin = at;
    batch.row_count = std::min(kBatchRows, rows.row_count() - at);
    const auto first = rows.row_begin[at];
    for (std::size_t r = at; r < at + batch.row_count; ++r) {
      batch.begin.push_back(
          static_cast<std::uint32_t>(rows.row_begin[r + 1] - first));
    }
    localiser.build(rows.key.data() + first, batch.begin.back(), batch.key,
                    batch.local);
    std::sort(batch.key.begin(), batch.key.end());
    for (std::size_t i = 0; i < batch.local.size(); ++i) {
      batch.local[i] = static_cast<std::uint32_t>(
          std::lower_bound(batch.key.begin(), batch.key.end(),
                           rows.key[first + i]) -
          batch.key.begin());
    }
    out.push_back(std::move(batch));
  }
  return out;
}

// One epoch. cached: the key lists are there already, sorted; else each batch
// makes its own.
void epoch(benchmark::State& state, bool cached) {
  const auto bits = static_cast<unsigned>(state.range(0));
  const auto keys = std::uint64_t{1} << bits;
  const auto& all = rows(bits);
  auto batches = batches_of(all, keys);
  BareServer server(keys);
  BareLocaliser localiser(keys);
  std::vector<float> weight, gradient;
  for (auto _ : state) {
    for (auto& batch : batches) {
      const auto first = all.row_begin[batch.row_begin];
      if (!cached) {
        localiser.build(all.key.data() + first, batch.begin.back(), batch.key,
                        batch.local);
      }
      server.pull(batch.key, weight);
      gradient.assign(batch.key.size(), 0);
      bare_gradient({.label = all.label.data() + batch.row_begin,
                     .row_count = batch.row_count,
                     .row_begin = batch.begin.data(),
                     .local = batch.local.data(),
                     .value = all.value.data() + first},
                    weight, gradient);
      server.apply(batch.key, gradient);
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(all.entry_count()));
}

void localising(benchmark::State& state) { epoch(state, false); }
void cached(benchmark::State& state) { epoch(state, true); }

BENCHMARK(localising)->Name("epochs_20/bare")->Arg(20)->UseRealTime();
BENCHMARK(cached)->Name("epochs_20/bare_cached")->Arg(20)->UseRealTime();
BENCHMARK(localising)->Name("epochs_24/bare")->Arg(24)->UseRealTime();
BENCHMARK(cached)->Name("epochs_24/bare_cached")->Arg(24)->UseRealTime();

}  // namespace
}  // namespace psmith::bench
