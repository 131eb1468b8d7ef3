#include "rows.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "data/decode.h"
#include "data/number.h"
#include "input.h"

namespace psmith::fuzz {
namespace {

using data::RawBlock;

// The message behind the file's name, which is another one each time.
std::string without_name(const std::string& message, const std::string& name) {
  return message.starts_with(name) ? message.substr(name.size()) : message;
}

// "LINE:COLUMN" of ":LINE:COLUMN: what is wrong"; "" if there is none.
std::string place_in(const std::string& message) {
  if (!message.starts_with(':')) return {};
  const auto colon = message.find(':', 1);
  if (colon == std::string::npos) return {};
  const auto end = message.find(':', colon + 1);
  const auto place = message.substr(1, end == std::string::npos ? 0 : end - 1);
  const bool digits =
      place.find_first_not_of("0123456789:") == std::string::npos;
  return digits ? place : std::string();
}

void check_place(const std::string& place, std::string_view text) {
  PSM_CHECK(!place.empty(), "an error without a place");
  const auto colon = place.find(':');
  const auto line = std::strtoull(place.c_str(), nullptr, 10);
  const auto column = std::strtoull(place.c_str() + colon + 1, nullptr, 10);
  std::size_t begin = 0;
  for (std::uint64_t i = 1; i < line; ++i) {
    const auto newline = text.find('\n', begin);
    PSM_CHECK(newline != std::string_view::npos, "an error past the last line");
    begin = newline + 1;
  }
  const auto end = std::min(text.find('\n', begin), text.size());
  // One past the end is where something is missing.
  PSM_CHECK(line > 0 && column > 0 && column <= end - begin + 1,
            "an error past the end of its line");
}

void check_block(const RawBlock& block) {
  const auto rows = block.row_count;
  PSM_CHECK(block.record_count == rows + block.bad.size(), "a record too many");
  PSM_CHECK(block.text_begin.size() == block.record_count + 1,
            "a text for each record");
  PSM_CHECK(block.label.empty() || block.label.size() == rows, "labels");
  PSM_CHECK(block.label_text.empty() || block.label_text.size() == rows,
            "label texts");
  PSM_CHECK(block.weight.empty() || block.weight.size() == rows, "weights");
  if (block.dense) {
    PSM_CHECK(block.x.size() == rows * block.column_count, "dense values");
    return;
  }
  PSM_CHECK(block.row_begin.size() == rows + 1, "row offsets");
  PSM_CHECK(block.row_begin.back() == block.index.size(), "the last offset");
  PSM_CHECK(block.value.size() == block.index.size(), "sparse values");
}

Record row_of(const RawBlock& block, std::size_t row) {
  Record out;
  if (!block.label.empty()) out.label = bits(block.label[row]);
  if (!block.label_text.empty()) out.label_text = block.label_text[row];
  if (!block.weight.empty()) out.weight = bits(block.weight[row]);
  if (block.dense) {
    for (std::size_t i = 0; i < block.column_count; ++i) {
      out.x.push_back(bits(block.x[row * block.column_count + i]));
    }
    return out;
  }
  for (auto i = block.row_begin[row]; i < block.row_begin[row + 1]; ++i) {
    out.index.push_back(block.index[i]);
    out.value.push_back(bits(block.value[i]));
  }
  return out;
}

void append(const RawBlock& block, const std::string& name,
            std::string_view text, std::vector<Record>& out) {
  check_block(block);
  std::size_t row = 0, bad = 0;
  for (std::size_t i = 0; i < block.record_count; ++i) {
    Record record;
    if (bad < block.bad.size() && block.bad[bad].record == i) {
      const auto& entry = block.bad[bad++];
      record.fault = entry.fault;
      record.place = place_in(without_name(entry.message, name));
      check_place(record.place, text);
    } else {
      record = row_of(block, row++);
    }
    record.text = block.record_text(i);
    out.push_back(std::move(record));
  }
  PSM_CHECK(row == block.row_count && bad == block.bad.size(),
            "bad records in order");
}

void print(const char* what, const Record* record) {
  if (record == nullptr) {
    std::fprintf(stderr, "  %s: no record\n", what);
    return;
  }
  std::fprintf(stderr, "  %s: '%s'", what, record->text.c_str());
  if (record->fault) {
    std::fprintf(stderr, " bad (%s) at %s",
                 std::string(data::name_of(*record->fault)).c_str(),
                 record->place.c_str());
  }
  if (record->label) std::fprintf(stderr, " label %08x", *record->label);
  if (record->label_text) {
    std::fprintf(stderr, " label '%s'", record->label_text->c_str());
  }
  if (record->weight) std::fprintf(stderr, " weight %08x", *record->weight);
  for (const auto x : record->x) {
    std::fprintf(stderr, " %016llx", static_cast<unsigned long long>(x));
  }
  for (std::size_t i = 0; i < record->index.size(); ++i) {
    std::fprintf(stderr, " %llu:%08x",
                 static_cast<unsigned long long>(record->index[i]),
                 record->value[i]);
  }
  std::fprintf(stderr, "\n");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && is_digit(text[at + count])) ++count;
  return count;
}

// "nan", "inf" and "infinity", however written, and nothing longer.
bool is_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (low < 'a' || low > 'z') break;
    word += low;
  }
  return word == "nan" || word == "inf" || word == "infinity";
}

}  // namespace

std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }
std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

Reading read_all(data::ReaderOptions options, std::string_view text,
                 std::size_t record_max) {
  options.keep_text = true;
  options.keep_bad = true;
  const auto name = options.inputs.front();
  Reading out;
  auto reader = data::Reader::open(std::move(options));
  if (!reader) {
    out.error = without_name(reader.error().message, name);
    PSM_CHECK(!out.error.empty(), "an error without a text");
    const auto place = place_in(out.error);
    if (!place.empty()) check_place(place, text);
    return out;
  }
  out.schema = (*reader)->schema();
  RawBlock block;
  while (true) {
    auto more = (*reader)->next(record_max, block);
    if (!more) out.error = without_name(more.error().message, name);
    if (!more || !*more) break;
    PSM_CHECK(block.record_count > 0 && block.record_count <= record_max,
              "a block of no records, or too many");
    append(block, name, text, out.records);
  }
  PSM_CHECK((*reader)->record_count() == out.records.size(), "records counted");
  return out;
}

// Behind blank lines, that count bytes, the text gives the same records.
static void check_behind_blanks(data::ReaderOptions options,
                                std::string_view text, std::size_t count,
                                const Reading& reading) {
  constexpr std::size_t kLine = 4096;
  std::string padded;
  std::size_t lines = 0;
  for (; padded.size() < count; ++lines) {
    padded.append(std::min(kLine, count - padded.size()) - 1, ' ');
    padded += '\n';
  }
  padded += text;
  static MemoryFile file;
  file.hold(padded);
  options.inputs = {file.path()};
  auto again = read_all(options, padded, 64);
  for (auto& record : again.records) {
    if (!record.fault) continue;
    const auto line = std::strtoull(record.place.c_str(), nullptr, 10);
    PSM_CHECK(line > lines, "a fault behind the blank lines");
    record.place.replace(0, record.place.find(':'),
                         std::to_string(line - lines));
  }
  PSM_CHECK(agree(again, reading.records), "a text behind blank lines");
}

Reading read_either_way(const data::ReaderOptions& options,
                        std::string_view text, std::uint64_t seed) {
  const auto read_at = [&](const std::string& path, std::size_t record_max) {
    auto with_path = options;
    with_path.inputs = {path};
    return read_all(with_path, text, record_max);
  };
  const auto as_file = [&] {
    static MemoryFile file;
    file.hold(text);
    return read_at(file.path(), 1 + seed % 64);
  };
  const auto through_pipe = [&] {
    const CutPipe pipe(text, seed);
    return read_at(pipe.path(), 1 + (seed >> 8) % 64);
  };
  // Of the text too, as a corpus keeps its seeds.
  const auto chance = seed + std::hash<std::string_view>()(text);
  const bool told = options.format || options.schema;
  if (told && long_run() && chance % 8 != 0) {
    return chance % 2 == 0 ? through_pipe() : as_file();
  }
  auto reading = as_file();
  const auto again = through_pipe();
  PSM_CHECK(agree(again, reading.records), "a text read in other pieces");
  PSM_CHECK(again == reading, "a text read in other pieces");
  // To the end of a page, or across the end of a piece that the reader takes:
  // seldom, as that takes long.
  if (chance % 16 == 0 && told && reading.schema &&
      without_mark(text) == text) {
    const auto page = 4096 - text.size() % 4096;
    const auto piece = data::kPieceBytes - seed % (text.size() + 1);
    check_behind_blanks(options, text, chance % 4096 == 0 ? piece : page,
                        reading);
  }
  return reading;
}

std::string_view without_mark(std::string_view text) {
  return text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
}

bool taken_for_packed(std::string_view text) {
  return data::compression_of(as_bytes(text)) != data::Compression::none;
}

bool openable(std::string_view text, bool may_be_empty, bool fitted) {
  if (fitted && text.find('\n') != text.npos) return true;
  text = without_mark(text);
  const bool blank = text.find_first_not_of(" \t\r\n") == text.npos;
  if (blank && !may_be_empty) return false;
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  // Lines that end with a lone carriage return.
  return text.find('\r') == text.npos || text.find('\n') != text.npos ||
         text.find('"') != text.npos;
}

std::string place_of(std::string_view text, std::size_t offset) {
  std::size_t line = 1, column = 1;
  for (const char c : text.substr(0, offset)) {
    column = c == '\n' ? 1 : column + 1;
    line += c == '\n' ? 1 : 0;
  }
  return std::to_string(line) + ":" + std::to_string(column);
}

bool agree(const Reading& reading, const std::vector<Record>& expected) {
  const auto& got = reading.records;
  for (std::size_t i = 0; i < std::max(got.size(), expected.size()); ++i) {
    const auto* left = i < got.size() ? &got[i] : nullptr;
    const auto* right = i < expected.size() ? &expected[i] : nullptr;
    if (left != nullptr && right != nullptr && *left == *right) continue;
    std::fprintf(stderr, "record %zu differs\n", i + 1);
    print("read    ", left);
    print("expected", right);
    return false;
  }
  return true;
}

PlainNumber plain_number(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const auto whole = digits_at(text, at);
  if (whole == 0 && is_word(text.substr(at))) {
    return {.fault = data::Fault::range};
  }
  at += whole;
  std::size_t part = 0;
  if (at < text.size() && text[at] == '.') {
    part = digits_at(text, at + 1);
    if (whole + part > 0) at += 1 + part;
  }
  if (whole + part == 0) return {.fault = data::Fault::number};
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    auto digits = at + 1;
    if (digits < text.size() && (text[digits] == '-' || text[digits] == '+')) {
      ++digits;
    }
    const auto count = digits_at(text, digits);
    if (count > 0) at = digits + count;
  }
  const std::string prefix(text.substr(0, at));
  PlainNumber out;
  out.value = std::strtod(prefix.c_str(), nullptr);
  out.rounded = std::strtof(prefix.c_str(), nullptr);
  if (std::fabs(out.value) < data::kNumberLeast) {
    out.value = std::copysign(0.0, out.value);
  }
  if (std::fabs(out.value) >= data::kNumberEnd) {
    out.fault = data::Fault::range;
  } else if (at != text.size()) {
    out.fault = data::Fault::number;
  }
  return out;
}

std::optional<std::uint64_t> plain_index(std::string_view digits) {
  __extension__ using Wide = unsigned __int128;
  Wide value = 0;
  for (const char c : digits) {
    value = value * 10 + static_cast<Wide>(c - '0');
    if (value >> 64 != 0) return std::nullopt;
  }
  return static_cast<std::uint64_t>(value);
}

}  // namespace psmith::fuzz
