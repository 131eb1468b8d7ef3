// Vec8: eight floats that move together, and the few operations of the dense
// kernels on them.
//
// Every product-sum is a fused multiply-add where the processor level has one,
// in the body of a loop and in its tail alike (a tail is a vector padded with
// zeros), so a result's bits do not depend on where a tail begins. Nothing
// here needs alignment. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define PSM_AVX2_FMA 1
#else
#define PSM_AVX2_FMA 0
#endif

namespace psmith::model {

using Vec8 = float __attribute__((vector_size(32)));
using Int8 = std::int32_t __attribute__((vector_size(32)));
inline constexpr std::size_t kLanes = 8;

inline Vec8 splat(float x) { return Vec8{x, x, x, x, x, x, x, x}; }

inline Vec8 load(const float* from) {
  Vec8 v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline void store(float* to, const Vec8& v) { std::memcpy(to, &v, sizeof v); }

#if PSM_AVX2_FMA
inline __m256i mask_of(std::size_t n) {
  const auto last = _mm256_set1_epi32(static_cast<int>(n));
  return _mm256_cmpgt_epi32(last, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
// The first n < 8 floats, then zeros; nothing beyond them is read.
inline Vec8 load_part(const float* from, std::size_t n) {
  return _mm256_maskload_ps(from, mask_of(n));
}
inline void store_part(float* to, const Vec8& v, std::size_t n) {
  _mm256_maskstore_ps(to, mask_of(n), v);
}
// a * b + c
inline Vec8 fma(const Vec8& a, const Vec8& b, const Vec8& c) {
  return _mm256_fmadd_ps(a, b, c);
}
#else
inline Vec8 load_part(const float* from, std::size_t n) {
  Vec8 v = splat(0);
  for (std::size_t i = 0; i < n; ++i) v[i] = from[i];
  return v;
}
inline void store_part(float* to, const Vec8& v, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) to[i] = v[i];
}
inline Vec8 fma(const Vec8& a, const Vec8& b, const Vec8& c) {
  return a * b + c;
}
#endif

inline float sum_of(const Vec8& v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

// e^x, relative error below 2^-22 (Cephes expf); 0 below -87.3, a number that
// is no number stays one. REQUIRES: x <= 88 or NaN
inline Vec8 exp_of(const Vec8& x) {
  const Vec8 low = splat(-87.3F);
  const Vec8 clamped = x < low ? low : x;
  const Vec8 magic = splat(12582912.0F);  // 1.5 * 2^23: rounds to a whole
  const Vec8 n = fma(clamped, splat(1.44269504F), magic) - magic;
  Vec8 r = fma(n, splat(-0.693359375F), clamped);
  r = fma(n, splat(2.12194440e-4F), r);
  Vec8 p = splat(1.9875691500e-4F);
  p = fma(p, r, splat(1.3981999507e-3F));
  p = fma(p, r, splat(8.3334519073e-3F));
  p = fma(p, r, splat(4.1665795894e-2F));
  p = fma(p, r, splat(1.6666665459e-1F));
  p = fma(p, r, splat(5.0000001201e-1F));
  p = fma(p, r * r, r) + splat(1.0F);
  // 2^n by way of the exponent field.
  const Int8 exponent = (__builtin_convertvector(n, Int8) + 127) << 23;
  Vec8 scale;
  std::memcpy(&scale, &exponent, sizeof scale);
  return x < low ? splat(0) : p * scale;
}

}  // namespace psmith::model
