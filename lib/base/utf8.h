// UTF-8, as table 3-7 of the Unicode standard has it: no overlong forms, no
// surrogates, nothing past U+10FFFF. Any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace psmith {

// Bytes of the valid sequence at the front of text; 0: there is none.
constexpr std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80; };
  const unsigned a = at(0), b = at(1);
  if (a < 0x80) return text.empty() ? 0 : 1;
  if (a >= 0xc2 && a <= 0xdf && tail(1)) return 2;
  if (a >= 0xe0 && a <= 0xef && tail(1) && tail(2)) {
    const bool overlong = a == 0xe0 && b < 0xa0;
    const bool surrogate = a == 0xed && b > 0x9f;
    return overlong || surrogate ? 0 : 3;
  }
  if (a >= 0xf0 && a <= 0xf4 && tail(1) && tail(2) && tail(3)) {
    const bool overlong = a == 0xf0 && b < 0x90;
    const bool beyond = a == 0xf4 && b > 0x8f;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

}  // namespace psmith
