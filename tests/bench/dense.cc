// Products of a dense model (softmax, 784 columns, 10 classes; a batch of
// 256), and Eigen's on the same matrices.
#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <array>

#include "base/rng.h"
#include "model/model.h"
#include "tests/bench/rows.h"

namespace psmith::bench {
namespace {

using Matrix =
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Problem {
  std::size_t rows = pick(256, 16), columns = 784, outputs = 10;
  std::vector<float> x, label, weight, bias;
  std::vector<float> weight_out, bias_out, raw;

  Problem() {
    Rng rng(1);
    for (std::size_t i = 0; i < rows * columns; ++i) {
      x.push_back(static_cast<float>(rng.uniform()));
    }
    for (std::size_t r = 0; r < rows; ++r) {
      label.push_back(static_cast<float>(rng.below(outputs)));
    }
    for (std::size_t i = 0; i < outputs * columns; ++i) {
      weight.push_back(static_cast<float>(rng.normal() / 28));
    }
    bias.resize(outputs);
    weight_out.resize(weight.size());
    bias_out.resize(outputs);
    raw.resize(rows * outputs);
  }

  tensor::Batch batch() const {
    tensor::Batch out;
    out.row_count = rows;
    out.column_count = columns;
    out.x = x;
    out.label = label;
    return out;
  }
  std::unique_ptr<const model::Model> model() const {
    return model::make_model(
               {.kind = model::Kind::softmax,
                .dense = true,
                .column_count = columns,
                .class_count = static_cast<std::uint32_t>(outputs)})
        .value(1);
  }
  // Multiplications and additions of one product.
  std::int64_t work() const {
    return static_cast<std::int64_t>(2 * rows * columns * outputs);
  }
};

void predict(benchmark::State& state) {
  Problem p;
  const auto model = p.model();
  const std::array<std::span<const float>, 2> dense{p.weight, p.bias};
  for (auto _ : state) {
    model->predict(p.batch(), {.dense = dense, .table = {}}, p.raw);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * p.work());
}

void gradient(benchmark::State& state) {
  Problem p;
  const auto model = p.model();
  const std::array<std::span<const float>, 2> dense{p.weight, p.bias};
  const std::array<std::span<float>, 2> out{p.weight_out, p.bias_out};
  for (auto _ : state) {
    model::Sums sums;
    model->loss_and_gradient(p.batch(), {.dense = dense, .table = {}},
                             {.dense = out, .table = {}}, sums);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 2 * p.work());
}

void eigen(benchmark::State& state, bool back) {
  Problem p;
  const auto at = [](std::vector<float>& v, std::size_t rows) {
    return Eigen::Map<Matrix>(v.data(), static_cast<Eigen::Index>(rows),
                              static_cast<Eigen::Index>(v.size() / rows));
  };
  auto x = at(p.x, p.rows), w = at(p.weight, p.outputs);
  auto raw = at(p.raw, p.rows), g = at(p.weight_out, p.outputs);
  for (auto _ : state) {
    raw.noalias() = x * w.transpose();
    if (back) g.noalias() += raw.transpose() * x;
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * (back ? 2 : 1) * p.work());
}

void eigen_predict(benchmark::State& state) { eigen(state, false); }
void eigen_gradient(benchmark::State& state) { eigen(state, true); }

BENCHMARK(predict)->Name("dense_predict/psmith");
BENCHMARK(eigen_predict)->Name("dense_predict/eigen");
BENCHMARK(gradient)->Name("dense_gradient/psmith");
BENCHMARK(eigen_gradient)->Name("dense_gradient/eigen");

}  // namespace
}  // namespace psmith::bench
