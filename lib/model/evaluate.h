// Evaluation of a batch: the sums of a training step, bit by bit, without its
// gradient; and the score histogram behind AUC for logistic models. Pure; any
// thread.
#pragma once

#include "model/curve.h"
#include "model/metric.h"
#include "model/model.h"
#include "tensor/batch.h"

namespace psmith::model {

void evaluate(const Model& model, const tensor::Batch& batch,
              const Parameters& weights, Sums& sums, Curve& curve);

}  // namespace psmith::model
