#include "data/number.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "base/format.h"
#include "base/rng.h"
#include "data/fast_number.h"
#include "tests/data/run_check.h"

namespace psmith::data {
namespace {

// A number as people and programs write them.
std::string random_text(Rng& rng) {
  if (rng.below(4) == 0) {
    const auto bits = static_cast<std::uint32_t>(rng.next());
    const auto value = std::bit_cast<float>(bits);
    return value - value == 0 ? shortest(value) : "0";
  }
  std::string text = rng.below(2) == 0 ? "" : "-";
  for (auto n = 1 + rng.below(20); n > 0; --n)
    text += char('0' + rng.below(10));
  if (rng.below(2) == 0) {
    text += '.';
    for (auto n = rng.below(20); n > 0; --n) {
      text += static_cast<char>('0' + rng.below(10));
    }
  }
  if (rng.below(2) == 0) {
    text += format("e{}", static_cast<int>(rng.below(60)) - 40);
  }
  return text;
}

}  // namespace

TEST_CASE("numbers are read to the last bit", "[data]") {
  Rng rng(1);
  for (int i = 0; i < 200000; ++i) {
    const auto text = random_text(rng);
    const auto number = parse_whole(text);
    INFO(text);
    if (number.fault == NumberFault::range) {
      REQUIRE(std::abs(std::strtod(text.c_str(), nullptr)) >= kNumberEnd);
      REQUIRE(std::isinf(std::strtof(text.c_str(), nullptr)));
      continue;
    }
    REQUIRE(number.fault == NumberFault::none);
    const double value = std::strtod(text.c_str(), nullptr);
    REQUIRE(number.value == (std::abs(value) < kNumberLeast ? 0 : value));
    REQUIRE(to_float(text.data(), number) ==
            std::strtof(text.c_str(), nullptr));
  }
}

TEST_CASE("a float is rounded once", "[data]") {
  // Rounded to double first, it lies on the middle of two floats.
  const std::string text = "1.000000059604644775390625000000000001";
  const auto number = parse_whole(text);
  REQUIRE(to_float(text.data(), number) == 0x1.000002p0F);
}

TEST_CASE("every float survives its text", "[data]") {
  Rng rng(2);
  using Limits = std::numeric_limits<float>;
  std::vector<float> values = {Limits::max(), Limits::lowest(),
                               Limits::denorm_min()};
  for (int i = 0; i < 100000; ++i) {
    values.push_back(
        std::bit_cast<float>(static_cast<std::uint32_t>(rng.next())));
  }
  for (const float value : values) {
    if (value - value != 0) continue;
    const auto text = shortest(value);
    INFO(text);
    const auto number = parse_whole(text);
    REQUIRE(number.fault == NumberFault::none);
    REQUIRE(to_float(text.data(), number) == value);
  }
}

TEST_CASE("what is no number is told apart", "[data]") {
  for (const auto* text : {"", "abc", "-", "+", ".", "e5", "1x", "--1", "0x10",
                           "1e", "1e+", "nano", "1 ", " 1", "1,5"}) {
    INFO(text);
    REQUIRE(parse_whole(text).fault == NumberFault::text);
  }
  for (const auto* text : {"nan", "NaN", "-nan", "inf", "+Inf", "Infinity"}) {
    INFO(text);
    REQUIRE(parse_whole(text).fault == NumberFault::not_finite);
  }
  for (const auto* text :
       {"1e999", "-1e999", "1e39", "3.5e38", "3.40282357e38", "1e99999999999",
        "99999999999999999999999999999999999999999"}) {
    INFO(text);
    REQUIRE(parse_whole(text).fault == NumberFault::range);
  }
}

TEST_CASE("what is too small is zero", "[data]") {
  for (const auto* text :
       {"1e-999", "-1e-999", "0e999", "0.0e-99999",
        "0.00000000000000000000001e-400", "1e-46", "-7e-46"}) {
    INFO(text);
    const auto number = parse_whole(text);
    REQUIRE(number.fault == NumberFault::none);
    REQUIRE(number.value == 0);
  }
}

TEST_CASE("a number ends where it ends", "[data]") {
  for (const auto* text : {"12:3", "12e:3", "12 3", "12.,3", "+12#"}) {
    const std::string_view all = text;
    const auto number = parse_number(all.data(), all.data() + all.size());
    INFO(text);
    REQUIRE(number.fault == NumberFault::none);
    REQUIRE(number.value == 12);
  }
}

TEST_CASE("an index below 2^64 is read", "[data]") {
  const auto read = [](std::string_view text) {
    return parse_index(text.data(), text.data() + text.size());
  };
  REQUIRE(read("18446744073709551615").value == ~std::uint64_t{0});
  REQUIRE_FALSE(read("18446744073709551615").overflow);
  REQUIRE(read("18446744073709551616").overflow);
  REQUIRE(read("99999999999999999999999").overflow);
  REQUIRE(*read("7:").end == ':');
}

TEST_CASE("text from outside is quoted and cut", "[data]") {
  REQUIRE(in_quotes("a\nb\x1b[2J") == "'a?b?[2J'");
  REQUIRE(in_quotes(std::string(99, 'x')) ==
          "'" + std::string(40, 'x') + "...'");
}

TEST_CASE("the fast reading of a number agrees to the bit", "[data]") {
  const std::uint64_t seed = 9;
  Rng rng(seed);
  for (int i = 0; i < 300000; ++i) {
    auto text = random_number(rng);
    if (rng.below(8) == 0) {  // midway between two floats, or just beside
      const auto bits = rng.next() & 0x47ffffffe0000000U;
      text = shortest(std::bit_cast<double>(bits | 0x10000000U));
    }
    const auto size = text.size();
    text += rng.below(4) == 0 ? "x" : " ";
    text.resize(text.size() + kReadPast, '3');
    const char* const begin = text.data();
    const char* const end = begin + size;
    INFO("seed " << seed << ": " << text.substr(0, size));
    const auto number = parse_number(begin, end);
    const bool good = number.fault == NumberFault::none;
    const char *p = begin, *q = begin;
    float single = 0;
    double wide = 0;
    REQUIRE(read_fast(p, end, single) == good);
    REQUIRE(read_fast(q, end, wide) == good);
    REQUIRE(p == (good ? number.end : begin));
    REQUIRE(q == p);
    if (!good) continue;
    const float rounded = to_float(begin, number);
    REQUIRE(std::bit_cast<std::uint32_t>(single) ==
            std::bit_cast<std::uint32_t>(rounded));
    REQUIRE(std::bit_cast<std::uint64_t>(wide) ==
            std::bit_cast<std::uint64_t>(number.value));
    // The C library says the same, where it does not go below 2^-150.
    const std::string whole(begin, size);
    const double by_c = std::strtod(whole.c_str(), nullptr);
    if (std::fabs(by_c) > 1e-30) {
      REQUIRE(number.value == by_c);
      REQUIRE(rounded == std::strtof(whole.c_str(), nullptr));
    }
  }
}

}  // namespace psmith::data
