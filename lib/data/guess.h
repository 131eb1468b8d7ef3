// What a text holds, guessed from its first lines: format, delimiter, header.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/schema.h"

namespace psmith::data {

// libsvm when a line has a second word "index:..." and none of , ; |; csv when
// a line has a delimiter. Lines that begin with # do not tell. Nothing when no
// line does.
std::optional<Format> guess_format(std::string_view sample);

// Of , TAB ; | and blank the one that cuts the first lines into the same
// number of fields, at least two; the most fields win. ',' when none does. csv
// has no comments: lines that begin with # count.
char guess_delimiter(std::string_view sample);

// The first record names the columns when none of its fields is a number.
bool guess_header(const std::vector<std::string>& first);

// "','", "TAB", "blank"
std::string delimiter_name(char delimiter);

}  // namespace psmith::data
