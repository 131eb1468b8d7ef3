#include "data/synth.h"

#include <algorithm>
#include <cmath>

#include "data/number.h"

namespace psmith::data {
namespace {

// The double that the decimal with six digits after the point reads back as.
double rounded(double value) { return std::round(value * 1e6) / 1e6 + 0.0; }

}  // namespace

Synth::Synth(const SynthOptions& options)
    : options_(options), rng_(seed_of({options.seed, 0x73796e7468, 1})) {
  Rng planted(seed_of({options.seed, 0x73796e7468, 0}));
  bias_ = rounded(planted.normal());
  for (std::uint64_t i = 0; i < options.features; ++i) {
    weight_.push_back(rounded(planted.normal()));
  }
  if (options.sparse) return;
  schema_.format = Format::csv;
  schema_.header = true;
  schema_.label = "y";
  if (options.weighted) schema_.weight = "weight";
  for (std::uint64_t i = 1; i <= options.features; ++i) {
    schema_.columns.push_back({.name = "x" + std::to_string(i)});
  }
}

double Synth::dense_row(RawBlock& block) {
  double output = bias_;
  for (const double w : weight_) {
    const double x = rounded(rng_.normal());
    block.x.push_back(x);
    output += w * x;
  }
  if (options_.weighted) {
    block.weight.push_back(static_cast<float>(1 + rng_.below(4)));
  }
  return output;
}

// Features from 1, by gaps: geometric with the density.
double Synth::sparse_row(RawBlock& block) {
  double output = bias_;
  const double log_miss = std::log1p(-std::min(options_.density, 1 - 1e-12));
  for (std::uint64_t index = 0;;) {
    const double gap = 1 + std::floor(std::log(1 - rng_.uniform()) / log_miss);
    if (gap > static_cast<double>(options_.features - index)) break;
    index += static_cast<std::uint64_t>(gap);
    const double x = rounded(rng_.normal());
    block.index.push_back(index);
    block.value.push_back(static_cast<float>(x));
    output += weight_[index - 1] * x;
  }
  block.row_begin.push_back(block.index.size());
  return output;
}

float Synth::label_of(double output) {
  if (!options_.logistic) {
    return static_cast<float>(rounded(output + options_.noise * rng_.normal()));
  }
  bool one = rng_.uniform() < 1 / (1 + std::exp(-output));
  if (rng_.uniform() < options_.noise) one = !one;
  return one ? 1.0F : 0.0F;
}

Result<bool> Synth::next(std::size_t record_max, RawBlock& block) {
  block.clear();
  block.dense = !options_.sparse;
  block.column_count = schema_.columns.size();
  for (; block.row_count < record_max && done_ < options_.rows; ++done_) {
    const double output =
        options_.sparse ? sparse_row(block) : dense_row(block);
    block.label.push_back(label_of(output));
    ++block.row_count;
    ++block.record_count;
  }
  return block.row_count > 0;
}

}  // namespace psmith::data
