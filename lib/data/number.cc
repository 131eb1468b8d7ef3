#include "data/number.h"

#include <fast_float/fast_float.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/format.h"
#include "data/digits.h"

namespace psmith::data {
namespace {

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

// Whether the letters at p are this word and no longer one.
bool is_word(const char* p, const char* end, std::string_view word) {
  if (static_cast<std::size_t>(end - p) < word.size()) return false;
  for (const char c : word) {
    if (lower(*p++) != c) return false;
  }
  return p == end || lower(*p) < 'a' || lower(*p) > 'z';
}

// Digits of the mantissa as an integer, and where they ended.
struct Mantissa {
  std::uint64_t value = 0;
  int digits = 0;    // significant ones, leading zeros left out
  int any = 0;       // all of them
  int exponent = 0;  // of ten, from the point
  const char* end = nullptr;
};

Mantissa read_mantissa(const char* p, const char* end) {
  Mantissa m;
  const auto take = [&](int shift) {
    for (; p < end && is_digit(*p); ++p) {
      ++m.any;
      m.exponent += shift;
      if (m.digits == 0 && *p == '0') continue;
      if (++m.digits <= 19) {
        m.value = m.value * 10 + static_cast<std::uint64_t>(*p - '0');
      }
    }
  };
  take(0);
  if (p < end && *p == '.' && (m.any > 0 || (p + 1 < end && is_digit(p[1])))) {
    ++p;
    take(-1);
  }
  m.end = p;
  return m;
}

// The exponent after 'e', if one is there; huge ones are held at +-100000.
int read_exponent(const char*& p, const char* end) {
  if (p >= end || lower(*p) != 'e') return 0;
  const char* q = p + 1;
  const bool negative = q < end && *q == '-';
  if (q < end && (*q == '-' || *q == '+')) ++q;
  if (q >= end || !is_digit(*q)) return 0;
  int value = 0;
  for (; q < end && is_digit(*q); ++q) {
    if (value < 100000) value = value * 10 + (*q - '0');
  }
  p = q;
  return negative ? -value : value;
}

Number slow_number(const char* unsigned_begin, bool negative, const Mantissa& m,
                   int exponent, const char* end) {
  Number out{.end = end};
  const bool fast = m.digits <= 19 &&
                    nearest_double(m.value, m.exponent + exponent, out.value);
  const auto code =
      fast ? std::errc() : std::from_chars(unsigned_begin, end, out.value).ec;
  if (code == std::errc::result_out_of_range) {
    // m.exponent counts the digits after the point; the sign of the decimal
    // exponent of the leading digit tells too large from too small.
    const bool small = m.value == 0 || m.digits + m.exponent + exponent < 0;
    out.value = 0;
    if (!small) out.fault = NumberFault::range;
  }
  if (out.value >= kNumberEnd) out.fault = NumberFault::range;
  if (out.value < kNumberLeast) out.value = 0;
  if (negative) out.value = -out.value;
  return out;
}

}  // namespace

Number parse_number(const char* begin, const char* end) {
  const char* p = begin;
  const bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  const char* const digits = p;
  const auto m = read_mantissa(p, end);
  if (m.any == 0) {
    const bool word = is_word(p, end, "nan") || is_word(p, end, "inf") ||
                      is_word(p, end, "infinity");
    return {.end = begin,
            .fault = word ? NumberFault::not_finite : NumberFault::text};
  }
  p = m.end;
  const int exponent = read_exponent(p, end);
  const int power = m.exponent + exponent;
  if (m.digits > 19 || m.value > kWholeMax || power > 22 || power < -22) {
    return slow_number(digits, negative, m, exponent, p);
  }
  auto value = static_cast<double>(m.value);
  value = power < 0 ? value / kPowersOfTen[static_cast<std::size_t>(-power)]
                    : value * kPowersOfTen[static_cast<std::size_t>(power)];
  Number out{.value = negative ? -value : value, .end = p};
  if (value >= kNumberEnd) out.fault = NumberFault::range;
  return out;
}

float to_float(const char* begin, const Number& number) {
  const double magnitude = std::fabs(number.value);
  const bool small =
      magnitude < std::numeric_limits<float>::min() && magnitude != 0;
  if (!is_midpoint(number.value) && !small) {
    return static_cast<float>(number.value);
  }
  // The double may itself be rounded: ask for the float directly.
  if (begin < number.end && *begin == '+') ++begin;
  float value = 0;
  const auto [stop, code] = std::from_chars(begin, number.end, value);
  if (code != std::errc()) return static_cast<float>(number.value);
  return value;
}

namespace {

template <class T, class Bits>
bool nearest(std::uint64_t mantissa, int power, T& out) {
  using Format = fast_float::binary_format<T>;
  if (mantissa == 0) return false;
  const auto found = fast_float::compute_float<Format>(power, mantissa);
  if (found.power2 <= 0 || found.power2 >= Format::infinite_power() - 1) {
    return false;
  }
  out = std::bit_cast<T>(static_cast<Bits>(
      found.mantissa | static_cast<std::uint64_t>(found.power2)
                           << Format::mantissa_explicit_bits()));
  return true;
}

}  // namespace

bool nearest_float(std::uint64_t mantissa, int power, float& out) {
  return nearest<float, std::uint32_t>(mantissa, power, out);
}

bool nearest_double(std::uint64_t mantissa, int power, double& out) {
  return nearest<double, std::uint64_t>(mantissa, power, out);
}

bool read_number(const char*& p, const char* end, float& out) {
  const auto number = parse_number(p, end);
  if (number.fault != NumberFault::none) return false;
  out = to_float(p, number);
  p = number.end;
  return true;
}

bool read_number(const char*& p, const char* end, double& out) {
  const auto number = parse_number(p, end);
  if (number.fault != NumberFault::none) return false;
  out = number.value;
  p = number.end;
  return true;
}

Number parse_whole(std::string_view text) {
  const char* end = text.data() + text.size();
  auto number = parse_number(text.data(), end);
  if (number.fault == NumberFault::none && number.end != end) {
    number.fault = NumberFault::text;
  }
  return number;
}

Index parse_index(const char* begin, const char* end) {
  Index out{.end = begin};
  for (; out.end < end && is_digit(*out.end); ++out.end) {
    const auto digit = static_cast<std::uint64_t>(*out.end - '0');
    std::uint64_t wide = 0;
    out.overflow |= __builtin_mul_overflow(out.value, 10, &wide);
    out.overflow |= __builtin_add_overflow(wide, digit, &out.value);
  }
  return out;
}

void append_shortest(std::string& out, float value) {
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

void append_shortest(std::string& out, double value) {
  std::array<char, 40> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

std::string shortest(float value) {
  std::string out;
  append_shortest(out, value);
  return out;
}

std::string shortest(double value) {
  std::string out;
  append_shortest(out, value);
  return out;
}

std::string describe(NumberFault fault, std::string_view text) {
  switch (fault) {
    case NumberFault::not_finite:
      return format("{} is not a finite number", in_quotes(text));
    case NumberFault::range:
      return format("{} is beyond the range of a 32-bit float",
                    in_quotes(text));
    case NumberFault::none:
    case NumberFault::text:
      break;
  }
  return format("{} is not a number", in_quotes(text));
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string out = "'";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  if (text.size() > kLongest) out += "...";
  return out + "'";
}

}  // namespace psmith::data
