// Numbers from text and back, exactly.
//
// parse_number reads the longest decimal number at the front: digits, a point,
// an exponent, a sign. Short ones (at most 19 digits, power of ten within
// 10^22) are exact by one double operation (Clinger 1990); other ones of at
// most 19 digits go through 128-bit powers of ten (Lemire 2021, by fast_float),
// the rest to std::from_chars. nan, inf and what a 32-bit float cannot hold are
// refused; what is too small becomes zero. to_float rounds once: never twice by
// way of the double. shortest() writes the fewest digits that read back as the
// same value. Pure; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace psmith::data {

// From here on a number does not round to a 32-bit float.
inline constexpr double kNumberEnd = 0x1.ffffffp127;
// What is smaller is 0 as a float.
inline constexpr double kNumberLeast = 0x1p-150;

enum class NumberFault : std::uint8_t {
  none,
  text,        // no number here
  not_finite,  // nan, inf
  range,       // beyond a 32-bit float
};

struct Number {
  double value = 0;
  const char* end = nullptr;  // the first character that is not part of it
  NumberFault fault = NumberFault::none;
};

// REQUIRES: begin <= end. Reads no character at or past `end`.
Number parse_number(const char* begin, const char* end);

// The float nearest to the decimal text [begin, number.end).
// REQUIRES: number = parse_number(begin, ...), without a fault
float to_float(const char* begin, const Number& number);

// Whether a double stands midway between two floats: then rounding it may be
// rounding twice.
inline bool is_midpoint(double value) {
  return (std::bit_cast<std::uint64_t>(value) & 0x1fffffff) == 0x10000000;
}

// The number nearest to mantissa * 10^power; false if that is no normal number
// or near the end of the range.
bool nearest_float(std::uint64_t mantissa, int power, float& out);
bool nearest_double(std::uint64_t mantissa, int power, double& out);

// parse_number, and to_float for the first: the number at p, which then stands
// behind it. False: a fault; p stays.
bool read_number(const char*& p, const char* end, float& out);
bool read_number(const char*& p, const char* end, double& out);

// A whole text that is one number (blanks around it are not allowed).
Number parse_whole(std::string_view text);

struct Index {
  std::uint64_t value = 0;
  const char* end = nullptr;  // == begin: no digit here
  bool overflow = false;      // 2^64 or more
};

// Decimal digits.
Index parse_index(const char* begin, const char* end);

void append_shortest(std::string& out, float value);
void append_shortest(std::string& out, double value);
std::string shortest(float value);
std::string shortest(double value);

// What is wrong, for a message: "'abc' is not a number".
std::string describe(NumberFault fault, std::string_view text);

// At most 40 bytes of text from outside, quoted, control bytes as '?'.
std::string in_quotes(std::string_view text);

}  // namespace psmith::data
