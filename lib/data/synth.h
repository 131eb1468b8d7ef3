// Synth: rows drawn from a planted linear or logistic model, the same for the
// same settings on every machine.
//
// Dense: x ~ N(0, 1). Sparse: each feature is there with probability
// `density`, with a value ~ N(0, 1). Planted weights and bias ~ N(0, 1).
// linear: y = w x + b + noise N(0, 1). logistic: y is 1 with probability
// 1 / (1 + exp(-(w x + b))), then the other class with probability `noise`.
// Values are rounded to six decimals, so that text holds them exactly.
// weighted: each dense row has a weight 1, 2, 3 or 4. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "data/raw.h"

namespace psmith::data {

struct SynthOptions {
  bool logistic = false;
  std::uint64_t rows = 1000;
  std::uint64_t features = 10;
  double noise = 0;
  std::uint64_t seed = 0;
  bool sparse = false;
  double density = 0.1;
  bool weighted = false;
};

class Synth final : public RowSource {
 public:
  explicit Synth(const SynthOptions& options);

  const Schema& schema() const override { return schema_; }
  Result<std::optional<std::uint64_t>> row_count() override {
    return std::optional(options_.rows);
  }
  Result<bool> next(std::size_t record_max, RawBlock& block) override;

  const std::vector<double>& weights() const { return weight_; }
  double bias() const { return bias_; }

 private:
  double dense_row(RawBlock& block);
  double sparse_row(RawBlock& block);
  float label_of(double output);

  const SynthOptions options_;
  Schema schema_;
  Rng rng_;
  std::vector<double> weight_;
  double bias_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace psmith::data
