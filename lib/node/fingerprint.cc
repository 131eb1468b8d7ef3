#include "node/fingerprint.h"

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/format.h"
#include "base/rng.h"
#include "wire/version.h"

namespace psmith::node {
namespace {

constexpr int kSize = 24;

class Hash {
 public:
  void add(std::uint64_t bits) { state_ = mix64(state_ ^ mix64(bits)); }
  void add(float value) {
    add(std::uint64_t{std::bit_cast<std::uint32_t>(value)});
  }
  void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace

std::string fingerprint() {
  Hash hash;
  for (const char c : std::string_view(PSMITH_ARCH)) {
    hash.add(std::uint64_t{static_cast<unsigned char>(c)});
  }
  hash.add(std::uint64_t{wire::kWireVersion});

  Rng rng(20240229);
  Eigen::MatrixXf a(kSize, kSize), b(kSize, kSize);
  for (int i = 0; i < kSize * kSize; ++i) {
    const double x = rng.uniform() * 8 - 4;
    a.data()[i] = static_cast<float>(x);
    b.data()[i] = static_cast<float>(rng.normal());
    hash.add(std::exp(x));
    hash.add(std::log(x + 5));
    hash.add(std::exp(a.data()[i]));
    hash.add(std::log(a.data()[i] + 5.0F));
    hash.add(std::sqrt(a.data()[i] + 5.0F));
  }
  hash.add(a.col(0).dot(b.col(0)));
  const Eigen::MatrixXf product = a * b;
  for (int i = 0; i < kSize * kSize; ++i) hash.add(product.data()[i]);
  return format("{:016x}", hash.value());
}

}  // namespace psmith::node
