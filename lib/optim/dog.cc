// DoG, distance over gradients (Ivgi, Hinder, Carmon, ICML 2023), weight by
// weight; slots n, D and t (steps that touched the weight):
//
//   G = g + l2 w    n = n t / (t + 4) + G^2    t += 1    D = max(D, |w|)
//   eta = rate max(D, beta / (1 + sqrt(n))) / sqrt(n)
//   w = soft(w - eta G, eta l1)
//
// A step is as long as the weight has ever been far from 0, so the scale of a
// feature or of a label costs a few doublings and not a rate to tune; beta is
// the first distance. Against the paper: per weight instead of per model, the
// distance is from 0, and squares fade, those of step s by about (s / t)^4, so
// that the first gradients (far from the bias, say) are forgotten. The length
// of a step is at most rate max(D, beta): weights can grow, but not at once.
// l2 is a term of the gradient, l1 a proximal step, as in adagrad.
#include "optim/rules.h"

namespace psmith::optim {
namespace {

constexpr float kFade = 4;

class Dog final : public Optimizer {
 public:
  explicit Dog(const Settings& s)
      : beta_(static_cast<float>(s.beta)),
        l1_(static_cast<float>(s.l1)),
        l2_(static_cast<float>(s.l2)) {}

  std::size_t slot_count() const override { return 3; }
  float slot_init() const override { return 0; }

  void apply(const Run& run, double rate, bool regularise) const override {
    const auto alpha = static_cast<float>(rate);
    const float l1 = regularise ? l1_ : 0;
    const float l2 = regularise ? l2_ : 0;
    float* __restrict w = run.weight;
    float* __restrict n = run.slot[0];
    float* __restrict D = run.slot[1];
    float* __restrict t = run.slot[2];
    const float* __restrict g = run.gradient;
    for (std::size_t i = 0; i < run.size; ++i) {
      const float G = g[i] + l2 * w[i];
      n[i] = n[i] * (t[i] / (t[i] + kFade)) + G * G;
      t[i] += 1;
      D[i] = std::max(D[i], std::fabs(w[i]));
      const float root = std::sqrt(n[i]);
      const float distance = std::max(D[i], beta_ / (1 + root));
      const float eta = root > 0 ? alpha * distance / root : 0;
      w[i] = soft(w[i] - eta * G, eta * l1);
    }
  }

 private:
  float beta_, l1_, l2_;
};

}  // namespace

std::unique_ptr<const Optimizer> make_dog(const Settings& settings) {
  return std::make_unique<Dog>(settings);
}

}  // namespace psmith::optim
