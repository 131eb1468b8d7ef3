#include "model/loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/check.h"
#include "model/vec8.h"

namespace psmith::model {
namespace {

void add_row(Sums& sums, double weight, double loss, bool correct) {
  sums[Sums::weight] += weight;
  sums[Sums::rows] += 1;
  if (weight == 0) return;
  sums[Sums::loss] += weight * loss;
  if (correct) sums[Sums::correct] += weight;
}

float scaled(double weight, double derivative) {
  return weight == 0 ? 0.0F : static_cast<float>(weight * derivative);
}

// Each row_... adds row r to the sums and returns or writes its derivatives.

float linear_row(float z, float y, double weight, Sums& sums) {
  const double error = double{z} - double{y};
  add_row(sums, weight, 0.5 * error * error, false);
  if (weight != 0) sums[Sums::squared_error] += weight * error * error;
  return scaled(weight, error);
}

float logistic_row(float z, float y, double weight, Sums& sums) {
  PSM_CHECK(y == 0.0F || y == 1.0F, "a logistic label is 0 or 1");
  const bool one = y == 1.0F;
  const double margin = one ? double{z} : -double{z};
  const double e = std::exp(-std::abs(margin));
  const double loss = std::log1p(e) + (margin > 0 ? 0 : -margin);
  add_row(sums, weight, loss, (z > 0) == one);
  const double miss = (margin > 0 ? e : 1.0) / (1.0 + e);  // 1 - P(label)
  return scaled(weight, one ? -miss : miss);
}

// e = exp(z - max z), K floats; returns their sum.
float exponentials(const float* z, float top, std::size_t K, float* e) {
  const Vec8 shift = splat(top);
  Vec8 sum = splat(0);
  std::size_t k = 0;
  for (; k + kLanes <= K; k += kLanes) {
    const Vec8 v = exp_of(load(z + k) - shift);
    store(e + k, v);
    sum += v;
  }
  if (k < K) {
    float tail[kLanes];
    std::fill_n(tail, kLanes, -std::numeric_limits<float>::infinity());
    std::copy_n(z + k, K - k, tail);
    const Vec8 v = exp_of(load(tail) - shift);
    store_part(e + k, v, K - k);
    sum += v;
  }
  return sum_of(sum);
}

// z and e (K floats) may be the same; e becomes the derivatives.
void softmax_row(const float* z, float y, double weight, std::size_t K,
                 float* e, Sums& sums) {
  PSM_CHECK(y >= 0.0F && y < static_cast<float>(K) && y == std::floor(y),
            "a softmax label is a class index");
  const auto label = static_cast<std::size_t>(y);
  const float* top = std::max_element(z, z + K);
  const bool correct = static_cast<std::size_t>(top - z) == label;
  const double gap = double{*top} - double{z[label]};  // >= 0
  const float sum = exponentials(z, *top, K, e);
  add_row(sums, weight, std::log(double{sum}) + gap, correct);
  if (weight == 0) return std::fill_n(e, K, 0.0F), void();
  const auto scale = static_cast<float>(weight / double{sum});
  const auto rest = static_cast<float>(double{sum} - double{e[label]});
  for (std::size_t k = 0; k < K; ++k) e[k] *= scale;
  e[label] = -rest * scale;  // p - 1, from the small side
}

}  // namespace

void losses_to_deltas(Kind kind, const tensor::Batch& batch,
                      std::size_t output_count, std::span<float> raw,
                      Sums& sums) {
  for (std::size_t r = 0; r < batch.row_count; ++r) {
    const double weight = double{batch.weight_of(r)};
    const float y = batch.label[r];
    float* z = raw.data() + r * output_count;
    switch (kind) {
      case Kind::linear:
        *z = linear_row(*z, y, weight, sums);
        break;
      case Kind::logistic:
        *z = logistic_row(*z, y, weight, sums);
        break;
      case Kind::softmax:
        softmax_row(z, y, weight, output_count, z, sums);
        break;
    }
  }
}

void add_losses(Kind kind, const tensor::Batch& batch, std::size_t output_count,
                std::span<const float> raw, Sums& sums) {
  std::vector<float> scratch(raw.begin(), raw.end());
  losses_to_deltas(kind, batch, output_count, scratch, sums);
}

}  // namespace psmith::model
