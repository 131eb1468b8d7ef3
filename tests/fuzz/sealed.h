// Gives a mutated text the digest that it would need, so that mutations get
// past the check of it. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "data/seal.h"

namespace psmith::fuzz {

// Seals `whole` if the place for the digest is in text, exactly once.
// REQUIRES: text lies within whole
inline void seal_if_possible(std::span<char> text, std::string& whole) {
  constexpr std::string_view kPlace = "\"digest\":\"";
  constexpr std::size_t kDigits = 64;
  const std::string_view view(text.data(), text.size());
  const auto at = view.find(kPlace);
  if (at == view.npos || view.find(kPlace, at + 1) != view.npos) return;
  const auto begin = at + kPlace.size();
  if (begin + kDigits >= view.size() || view[begin + kDigits] != '"') return;
  text = text.first(text.size());
  for (auto& digit : text.subspan(begin, kDigits)) digit = '0';
  data::seal(text, as_bytes(whole));
}

}  // namespace psmith::fuzz
