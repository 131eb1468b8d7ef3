// Floats and doubles from text, exactly, as parse_number and to_float read
// them: those of a few digits without a call. Reads past the text as
// data/digits.h says. Pure; any thread.
#pragma once

#include "data/digits.h"
#include "data/number.h"

namespace psmith::data {

// mantissa / 10^shift, rounded once. False: parse_number knows.
inline bool to_nearest(const Decimal& decimal, double& out) {
  const int power = -static_cast<int>(decimal.shift);
  if (decimal.mantissa > kWholeMax) {
    return nearest_double(decimal.mantissa, power, out);
  }
  out = static_cast<double>(static_cast<std::int64_t>(decimal.mantissa)) /
        kPowersOfTen[decimal.shift];
  return true;
}

inline bool to_nearest(const Decimal& decimal, float& out) {
  const int power = -static_cast<int>(decimal.shift);
  if (decimal.mantissa > kWholeMax) {
    return nearest_float(decimal.mantissa, power, out);
  }
  const double wide =
      static_cast<double>(static_cast<std::int64_t>(decimal.mantissa)) /
      kPowersOfTen[decimal.shift];
  out = static_cast<float>(wide);
  return !is_midpoint(wide);
}

// The number at p, which then stands behind it. False: parse_number finds a
// fault; p stays. T: float, double. REQUIRES: p <= end; at `end` stands a byte
// that is no part of a number, and more may be read
template <class T>
[[gnu::always_inline]] inline bool read_fast(const char*& p, const char* end,
                                             T& out) {
  const bool negative = *p == '-';
  const char* q = p + (negative ? 1 : 0);
  Decimal decimal;
  if (!read_decimal(q, decimal) || (*q | 0x20) == 'e' ||
      !to_nearest(decimal, out)) {
    return read_number(p, end, out);
  }
  out = negative ? -out : out;
  p = q;
  return true;
}

}  // namespace psmith::data
