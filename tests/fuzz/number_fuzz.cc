// Numbers from text and back: the bits that the C library reads, a refusal
// where a plain reading refuses, and the shortest text reads back as the same
// number.
//
// Input: the text of a number.
#include <cmath>

#include "data/number.h"
#include "input.h"
#include "rows.h"

namespace psmith::fuzz {
namespace {

using data::NumberFault;

void check_round_trip(double value, float rounded) {
  const auto text = data::shortest(value);
  const auto again = data::parse_whole(text);
  PSM_CHECK(again.fault == NumberFault::none, "a shortest text is a number");
  PSM_CHECK(bits(again.value) == bits(value), "a shortest text read back");
  const auto short_text = data::shortest(rounded);
  const auto number = data::parse_whole(short_text);
  PSM_CHECK(number.fault == NumberFault::none, "a shortest text is a number");
  PSM_CHECK(bits(data::to_float(short_text.data(), number)) == bits(rounded),
            "a shortest text read back");
}

void check_number(std::string_view text) {
  const auto* const begin = text.data();
  const auto* const end = begin + text.size();
  const auto expected = plain_number(text);
  const auto whole = data::parse_whole(text);
  const bool refused = whole.fault != NumberFault::none;
  PSM_CHECK(refused == expected.fault.has_value(), "the same is refused");
  if (refused) {
    const bool range = whole.fault != NumberFault::text;
    PSM_CHECK(range == (expected.fault == data::Fault::range), "the reason");
  }
  const auto front = data::parse_number(begin, end);
  PSM_CHECK(front.end >= begin && front.end <= end, "an end in the text");
  if (refused) return;
  PSM_CHECK(front.end == end, "a whole number is taken whole");
  PSM_CHECK(bits(whole.value) == bits(expected.value), "the same double");
  const float rounded = data::to_float(begin, whole);
  PSM_CHECK(bits(rounded) == bits(expected.rounded), "the same float");
  check_round_trip(whole.value, rounded);
}

void check_index(std::string_view text) {
  const auto* const begin = text.data();
  const auto index = data::parse_index(begin, begin + text.size());
  const auto count =
      std::min(text.find_first_not_of("0123456789"), text.size());
  PSM_CHECK(index.end == begin + count, "the digits at the front");
  const auto expected = plain_index(text.substr(0, count));
  PSM_CHECK(index.overflow != expected.has_value(), "2^64 or more");
  PSM_CHECK(!expected || index.value == *expected, "the same number");
}

void run(Taker input) {
  // Memory that ends with the text.
  const auto copy = blob_of(input.rest());
  const std::string_view text(
      reinterpret_cast<const char*>(copy.bytes().data()), copy.size());
  check_number(text);
  check_index(text);
  PSM_CHECK(data::in_quotes(text).size() <= 45, "a bounded text in a message");
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
