// Seeded generators with the same output on every machine and library.
//
// mix64 is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), a bijection
// of 64-bit words. Rng is xoshiro256** (Blackman, Vigna 2018). std::uniform_*
// and std::normal_* differ between libraries and are not used. One thread.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>

namespace psmith {

constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// The x with mix64(x) == y.
constexpr std::uint64_t unmix64(std::uint64_t y) {
  y ^= y >> 31 ^ y >> 62;
  y *= 0x319642b2d24d8ec3;  // the inverses of mix64's factors, modulo 2^64
  y ^= y >> 27 ^ y >> 54;
  y *= 0x96de1b173f119089;
  y ^= y >> 30 ^ y >> 60;
  return y - 0x9e3779b97f4a7c15;
}

// One seed from several numbers, order matters: (seed, epoch, step, ...).
constexpr std::uint64_t seed_of(std::initializer_list<std::uint64_t> parts) {
  std::uint64_t seed = 0;
  for (const auto part : parts) seed = mix64(seed ^ mix64(part));
  return seed;
}

class Rng {
 public:
  explicit Rng(std::uint64_t seed) {
    for (auto& word : state_) word = seed = mix64(seed);
  }

  std::uint64_t next() {
    const auto result = std::rotl(state_[1] * 5, 7) * 9;
    const auto t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound), without bias (Lemire 2019). REQUIRES: bound > 0
  std::uint64_t below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
      const auto floor = (0 - bound) % bound;
      while (static_cast<std::uint64_t>(product) < floor) {
        product = static_cast<Wide>(next()) * bound;
      }
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  // Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  // Standard normal (Box-Muller; one of the pair is used).
  double normal() {
    const double u = 1.0 - uniform();  // (0, 1]
    const double v = uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace psmith
