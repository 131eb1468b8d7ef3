// Decimal digits eight at a time, in a register, for the fast paths of the
// parsers. What these cannot take is no error: data/number.h reads it.
//
// Reads run past what they look at: kReadPast bytes behind the text must be
// readable (their values do not matter), and a byte that is no digit must
// stand right behind it. Pure; any thread.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace psmith::data {

inline constexpr std::size_t kReadPast = 64;

// 10^0 to 10^22: the powers of ten that a double holds exactly.
inline constexpr std::array<double, 23> kPowersOfTen = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Up to here every whole number is a double.
inline constexpr std::uint64_t kWholeMax = std::uint64_t{1} << 53;

// Eight characters, their first in the lowest byte; digits became 0 to 9.
struct Eight {
  std::uint64_t bytes = 0;
  unsigned count = 0;  // of digits at the front, 0 to 8
};

inline Eight eight_at(const char* p) {
  Eight out;
  std::memcpy(&out.bytes, p, sizeof(out.bytes));
  out.bytes ^= 0x3030303030303030;
  // A byte over 9 sets a bit of its upper half; what it carries over only
  // reaches bytes behind it.
  const auto other =
      (out.bytes | (out.bytes + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0;
  out.count = static_cast<unsigned>(std::countr_zero(other)) / 8;
  return out;
}

// The number that eight digits make; the first is the most significant.
inline std::uint64_t number_of(std::uint64_t digits) {
  constexpr std::uint64_t kPairs = 0x000000ff000000ff;
  digits = digits * 10 + (digits >> 8);
  const auto upper = (digits & kPairs) * (100 + (1000000ULL << 32));
  const auto lower = ((digits >> 16) & kPairs) * (1 + (10000ULL << 32));
  return (upper + lower) >> 32;
}

// The number that the first `count` digits make. REQUIRES: count < 8
inline std::uint64_t number_of(const Eight& eight) {
  return number_of((eight.bytes << 8) << (56 - 8 * eight.count));
}

inline constexpr std::array<std::uint64_t, 8> kWholePowersOfTen = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

// mantissa / 10^shift
struct Decimal {
  std::uint64_t mantissa = 0;
  unsigned shift = 0;
};

// Reads "123" or "123.456" at p: 1 to 7 digits, then none or 1 to 15, at most
// 19 in all. False: something else is there; p stays. True: p stands behind.
[[gnu::always_inline]] inline bool read_decimal(const char*& p, Decimal& out) {
  const auto whole = eight_at(p);
  if (whole.count - 1 > 6) return false;
  out.mantissa = number_of(whole);
  const char* q = p + whole.count;
  out.shift = 0;
  if (*q == '.') {
    auto part = eight_at(++q);
    if (part.count == 0) return false;
    if (part.count == 8) {
      out.mantissa = out.mantissa * 100000000 + number_of(part.bytes);
      out.shift = 8;
      q += 8;
      part = eight_at(q);
      if (whole.count + part.count > 11 || part.count == 8) return false;
    }
    out.mantissa =
        out.mantissa * kWholePowersOfTen[part.count] + number_of(part);
    out.shift += part.count;
    q += part.count;
  }
  p = q;
  return true;
}

// Reads a whole number of 1 to 15 digits at p. False: something else; p stays.
inline bool read_whole(const char*& p, std::uint64_t& out) {
  auto part = eight_at(p);
  if (part.count == 0) return false;
  const char* q = p;
  std::uint64_t high = 0;
  if (part.count == 8) {
    high = number_of(part.bytes);
    q += 8;
    part = eight_at(q);
    if (part.count == 8) return false;
  }
  out = high * kWholePowersOfTen[part.count] + number_of(part);
  p = q + part.count;
  return true;
}

}  // namespace psmith::data
