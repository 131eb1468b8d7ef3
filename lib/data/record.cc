#include "data/record.h"

#include <algorithm>

#include "base/format.h"
#include "data/number.h"

namespace psmith::data {

std::size_t RecordParser::scan(std::string_view text, bool ended) const {
  const auto newline = text.find('\n');
  if (newline != npos) return newline + 1;
  return ended && !text.empty() ? text.size() : npos;
}

std::size_t RecordParser::run(std::string_view, const RunLimit&, RawBlock&) {
  return 0;
}

void RecordParser::add_plain(std::string_view line, const RunLimit& limit,
                             RawBlock& block) {
  ++block.row_count;
  ++block.record_count;
  if (!limit.keep_text) return;
  block.text += without_line_end(line);
  block.text_begin.push_back(block.text.size());
}

std::optional<Flaw> unknown_label(const std::vector<float>& known, float label,
                                  std::string_view text, std::size_t offset) {
  if (known.empty() || std::binary_search(known.begin(), known.end(), label)) {
    return std::nullopt;
  }
  return Flaw{Fault::label, offset,
              format("label {} is none of the {} known ones", in_quotes(text),
                     known.size())};
}

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string_view without_line_end(std::string_view record) {
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  return record;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace psmith::data
