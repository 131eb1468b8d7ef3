// FTRL-Proximal (McMahan et al., KDD 2013, algorithm 1), slots z and n; alpha
// is the rate:
//
//   s = (sqrt(n + g^2) - sqrt(n)) / alpha    z += g - s w    n += g^2
//   w = 0                                              where |z| <= l1
//   w = -(z - sgn(z) l1) / ((beta + sqrt(n)) / alpha + l2)   elsewhere
//
// l1 and l2 belong to the whole objective, not to a step, so gradients are
// summed, not averaged, where l1 is used: the more rows speak for a weight,
// the less l1 holds it. With l1 = l2 = 0 it is AdaGrad with the same beta.
// The rate is alpha for the whole job: z remembers it.
#include "optim/rules.h"

namespace psmith::optim {
namespace {

class FtrlOptimizer final : public Optimizer {
 public:
  explicit FtrlOptimizer(const Settings& s)
      : beta_(static_cast<float>(s.beta) + kTiny),
        l1_(static_cast<float>(s.l1)),
        l2_(static_cast<float>(s.l2)) {}

  std::size_t slot_count() const override { return 2; }
  float slot_init() const override { return 0; }

  void apply(const Run& run, double rate, bool regularise) const override {
    const auto alpha = static_cast<float>(rate);
    const float l1 = regularise ? l1_ : 0;
    const float l2 = (regularise ? l2_ : 0) * alpha;
    float* __restrict w = run.weight;
    float* __restrict z = run.slot[0];
    float* __restrict n = run.slot[1];
    const float* __restrict g = run.gradient;
    for (std::size_t i = 0; i < run.size; ++i) {
      const float root = std::sqrt(n[i]);
      n[i] += g[i] * g[i];
      const float root_next = std::sqrt(n[i]);
      z[i] += g[i] - (root_next - root) / alpha * w[i];
      const float held = soft(z[i], l1);
      w[i] = held == 0 ? 0 : -alpha * held / (beta_ + root_next + l2);
    }
  }

 private:
  float beta_, l1_, l2_;
};

}  // namespace

std::unique_ptr<const Optimizer> make_ftrl(const Settings& settings) {
  return std::make_unique<FtrlOptimizer>(settings);
}

}  // namespace psmith::optim
