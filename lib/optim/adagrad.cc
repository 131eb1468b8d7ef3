// AdaGrad, diagonal (Duchi, Hazan, Singer, JMLR 2011, figure 1), with beta
// for delta; slot n:
//
//   G = g + l2 w    n += G^2    eta = rate / (beta + sqrt(n))
//   w = soft(w - eta G, eta l1)
//
// l2 is a term of the gradient; l1 is the paper's composite mirror step
// (equation 22). Both once per step and weight that the gradient touches.
#include "optim/rules.h"

namespace psmith::optim {
namespace {

class AdaGrad final : public Optimizer {
 public:
  explicit AdaGrad(const Settings& s)
      : beta_(static_cast<float>(s.beta) + kTiny),
        l1_(static_cast<float>(s.l1)),
        l2_(static_cast<float>(s.l2)) {}

  std::size_t slot_count() const override { return 1; }
  float slot_init() const override { return 0; }

  void apply(const Run& run, double rate, bool regularise) const override {
    const auto alpha = static_cast<float>(rate);
    const float l1 = regularise ? l1_ : 0;
    const float l2 = regularise ? l2_ : 0;
    float* __restrict w = run.weight;
    float* __restrict n = run.slot[0];
    const float* __restrict g = run.gradient;
    for (std::size_t i = 0; i < run.size; ++i) {
      const float G = g[i] + l2 * w[i];
      n[i] += G * G;
      const float eta = alpha / (beta_ + std::sqrt(n[i]));
      w[i] = soft(w[i] - eta * G, eta * l1);
    }
  }

 private:
  float beta_, l1_, l2_;
};

}  // namespace

std::unique_ptr<const Optimizer> make_adagrad(const Settings& settings) {
  return std::make_unique<AdaGrad>(settings);
}

}  // namespace psmith::optim
