// Sparse kernels on Zipf rows over 2^20 and 2^24 keys: psmith's model beside a
// bare gather of the same indices.
#include <benchmark/benchmark.h>

#include <array>
#include <map>

#include "model/model.h"
#include "tests/bench/rows.h"

namespace psmith::bench {
namespace {

// Blocks of 128 rows, as shards have them.
const std::vector<Block>& blocks(unsigned key_bits) {
  static std::map<unsigned, std::vector<Block>> made;
  auto& out = made[key_bits];
  if (out.empty()) {
    out = blocks_of(zipf_rows({.rows = pick(32768, 300),
                               .keys = std::uint64_t{1} << key_bits}),
                    128);
  }
  return out;
}

std::int64_t entries_of(const std::vector<Block>& blocks) {
  std::size_t count = 0;
  for (const auto& block : blocks) count += block.local.size();
  return static_cast<std::int64_t>(count);
}

// Outputs, losses and gradient of every block; weights of its own keys.
void gradient(benchmark::State& state) {
  const auto& all = blocks(static_cast<unsigned>(state.range(0)));
  const auto model =
      model::make_model({.kind = model::Kind::logistic}).value(1);
  std::vector<float> weight, out;
  const std::array<float, 1> bias{};
  std::array<float, 1> bias_out{};
  for (auto _ : state) {
    model::Sums sums;
    for (const auto& block : all) {
      weight.assign(block.key.size(), 0.01F);
      out.assign(block.key.size(), 0);
      const std::array<std::span<const float>, 1> dense{bias}, table{weight};
      const std::array<std::span<float>, 1> dense_out{bias_out}, table_out{out};
      model->loss_and_gradient(block.batch(), {.dense = dense, .table = table},
                               {.dense = dense_out, .table = table_out}, sums);
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * entries_of(all));
}

void outputs(benchmark::State& state) {
  const auto& all = blocks(static_cast<unsigned>(state.range(0)));
  const auto model =
      model::make_model({.kind = model::Kind::logistic}).value(1);
  std::vector<float> weight, raw(128);
  const std::array<float, 1> bias{};
  for (auto _ : state) {
    for (const auto& block : all) {
      weight.assign(block.key.size(), 0.01F);
      const std::array<std::span<const float>, 1> dense{bias}, table{weight};
      model->predict(block.batch(), {.dense = dense, .table = table},
                     std::span(raw).first(block.label.size()));
    }
    benchmark::DoNotOptimize(raw.data());
  }
  state.SetItemsProcessed(state.iterations() * entries_of(all));
}

// The sum of weight[local[i]], in eight chains.
float gather_sum(const std::vector<std::uint32_t>& local, const float* w) {
  float a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
  const auto* at = local.data();
  const auto* const end = at + local.size() / 8 * 8;
  for (; at != end; at += 8) {
    a += w[at[0]], b += w[at[1]], c += w[at[2]], d += w[at[3]];
    e += w[at[4]], f += w[at[5]], g += w[at[6]], h += w[at[7]];
  }
  return ((a + b) + (c + d)) + ((e + f) + (g + h));
}

void gather(benchmark::State& state) {
  const auto& all = blocks(static_cast<unsigned>(state.range(0)));
  std::vector<float> weight;
  for (auto _ : state) {
    for (const auto& block : all) {
      weight.assign(block.key.size(), 0.01F);
      benchmark::DoNotOptimize(gather_sum(block.local, weight.data()));
    }
  }
  state.SetItemsProcessed(state.iterations() * entries_of(all));
}

BENCHMARK(gradient)->Name("sparse_gradient_20/psmith")->Arg(20);
BENCHMARK(gather)->Name("sparse_gradient_20/gather")->Arg(20);
BENCHMARK(gradient)->Name("sparse_gradient_24/psmith")->Arg(24);
BENCHMARK(gather)->Name("sparse_gradient_24/gather")->Arg(24);
BENCHMARK(outputs)->Name("sparse_predict_20/psmith")->Arg(20);
BENCHMARK(gather)->Name("sparse_predict_20/gather")->Arg(20);

}  // namespace
}  // namespace psmith::bench
