// Model: predictions, losses and gradients as pure functions of weights and a
// batch. No state, no threads, no I/O; one const Model serves every thread.
//
// Weights come in two kinds. A dense tensor (rows x columns, row-major) is
// given whole. A table maps 64-bit keys to rows of `width` floats; a batch
// sees only the rows of its own key list, in the list's order: (n, width).
//
// Gradients are sums over the batch of weight * d loss / d parameter, never
// means: the root of the reduction tree divides once, where the job says so.
// The same inputs give the same bits on every machine of one processor level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/metric.h"
#include "tensor/batch.h"

namespace psmith::model {

enum class Kind : std::uint8_t { linear = 0, logistic = 1, softmax = 2 };

// What determines a model's shape. K = class_count.
struct Settings {
  Kind kind = Kind::linear;
  bool dense = false;
  std::uint64_t column_count = 0;  // dense only: d
  std::uint32_t class_count = 0;   // softmax: K >= 2; else 0
  // linear: trained on (label - mean) / scale, so that the size of a label
  // costs no steps; losses are in the label's own units.
  double label_mean = 0, label_scale = 1;

  // Raw outputs per row: K for softmax, else 1.
  std::uint32_t output_count() const {
    return kind == Kind::softmax ? class_count : 1;
  }
};

struct TensorSpec {
  std::string name;  // "weight" (outputs x d), "bias" (outputs x 1)
  std::size_t row_count = 0;
  std::size_t column_count = 0;
  std::size_t size() const { return row_count * column_count; }
};

struct TableSpec {
  std::string name;  // "weight"
  std::uint32_t width = 1;
};

// Borrowed weights: dense[i] has tensors()[i].size() floats; table[j] has
// batch.key.size() * tables()[j].width.
struct Parameters {
  std::span<const std::span<const float>> dense;
  std::span<const std::span<const float>> table;
};

// Where a gradient is added; the same shapes as Parameters.
struct GradientRef {
  std::span<const std::span<float>> dense;
  std::span<const std::span<float>> table;
};

class Model {
 public:
  virtual ~Model() = default;

  // Dense data: tensors {"weight", "bias"}, no tables.
  // Sparse data: tensors {"bias"}, tables {"weight"}.
  virtual const std::vector<TensorSpec>& tensors() const = 0;
  virtual const std::vector<TableSpec>& tables() const = 0;
  virtual const Settings& settings() const = 0;

  // raw: (B, outputs): the value, the log-odds, or the K logits.
  virtual void predict(const tensor::Batch& batch, const Parameters& weights,
                       std::span<float> raw) const = 0;

  // Adds the gradient to `gradient` and the losses to `sums`
  // (metric.h: weight, loss, row count, correct).
  virtual void loss_and_gradient(const tensor::Batch& batch,
                                 const Parameters& weights,
                                 const GradientRef& gradient,
                                 Sums& sums) const = 0;
};

// Errors (invalid): a class count below 2 or a column count of 0 where one is
// needed. The first weights are 0 for every model here.
Result<std::unique_ptr<const Model>> make_model(const Settings& settings);

// "linear" <-> Kind::linear. An unknown name lists the known ones.
Result<Kind> kind_of(std::string_view name);
std::string_view name_of(Kind kind);

}  // namespace psmith::model
