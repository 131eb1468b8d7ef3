#include "model/evaluate.h"

#include <vector>

#include "model/loss.h"

namespace psmith::model {

void evaluate(const Model& model, const tensor::Batch& batch,
              const Parameters& weights, Sums& sums, Curve& curve) {
  const auto& settings = model.settings();
  const std::size_t K = settings.output_count();
  std::vector<float> raw(batch.row_count * K);
  model.predict(batch, weights, raw);
  if (settings.kind == Kind::logistic) {
    for (std::size_t r = 0; r < batch.row_count; ++r) {
      curve.add(raw[r], batch.label[r], double{batch.weight_of(r)});
    }
  }
  losses_to_deltas(settings.kind, batch, K, raw, sums);
}

}  // namespace psmith::model
