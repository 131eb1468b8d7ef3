// Stochastic gradient descent (Robbins, Monro 1951), no slots:
//
//   w = soft(w - rate (g + l2 w), rate l1)
//
// l2 is a term of the gradient; l1 is a proximal step, which gives exact zeros
// (Duchi, Singer 2009, FOBOS). Both once per step and weight that the gradient
// touches: a table's other rows stay.
#include "optim/rules.h"

namespace psmith::optim {
namespace {

class Sgd final : public Optimizer {
 public:
  explicit Sgd(const Settings& s)
      : l1_(static_cast<float>(s.l1)), l2_(static_cast<float>(s.l2)) {}

  std::size_t slot_count() const override { return 0; }
  float slot_init() const override { return 0; }

  void apply(const Run& run, double rate, bool regularise) const override {
    const auto eta = static_cast<float>(rate);
    float* __restrict w = run.weight;
    const float* __restrict g = run.gradient;
    if (!regularise || (l1_ == 0 && l2_ == 0)) {
      for (std::size_t i = 0; i < run.size; ++i) w[i] -= eta * g[i];
      return;
    }
    const float t = eta * l1_;
    for (std::size_t i = 0; i < run.size; ++i) {
      w[i] = soft(w[i] - eta * (g[i] + l2_ * w[i]), t);
    }
  }

 private:
  float l1_, l2_;
};

}  // namespace

std::unique_ptr<const Optimizer> make_sgd(const Settings& settings) {
  return std::make_unique<Sgd>(settings);
}

}  // namespace psmith::optim
