// The libsvm reader: a text gives the same rows however it is cut into
// buffers, and the rows that a plain reading gives, to the bit; what that
// refuses is refused for the same reason at the same place.
//
// Input: options (1 byte), a seed for the cuts (2 bytes), the text.
#include "input.h"
#include "rows.h"

namespace psmith::fuzz {
namespace {

using data::Fault;
using data::LabelUse;

constexpr float kKnown[] = {-1, 0, 1, 2};

struct Flaw {
  Fault fault;
  std::size_t offset;
};

// Reads record by record, remembering whether rows have labels.
class PlainLibsvm {
 public:
  PlainLibsvm(LabelUse labels, bool known) : labels_(labels), known_(known) {}

  std::vector<Record> read(std::string_view text) {
    std::vector<Record> out;
    for (std::size_t begin = 0; begin < text.size();) {
      const auto newline = std::min(text.find('\n', begin), text.size());
      auto line = text.substr(begin, newline - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      Record record;
      record.text = line;
      if (const auto flaw = parse(line, record)) {
        record = {.fault = flaw->fault,
                  .place = place_of(text, begin + flaw->offset),
                  .text = record.text};
        out.push_back(std::move(record));
      } else if (row_) {
        out.push_back(std::move(record));
      }
      begin = newline + 1;
    }
    return out;
  }

 private:
  std::optional<Flaw> parse(std::string_view line, Record& record) {
    row_ = false;
    const auto nul = line.find('\0');
    if (nul != line.npos) return Flaw{Fault::nul, nul};
    line = line.substr(0, line.find('#'));
    bool first = true;
    for (std::size_t at = 0;;) {
      at = line.find_first_not_of(" \t", at);
      if (at == line.npos) return std::nullopt;
      const auto end = std::min(line.find_first_of(" \t", at), line.size());
      const auto token = line.substr(at, end - at);
      const bool label = first && token.find(':') == token.npos;
      if (first) {
        if (auto flaw = parse_label(token, at, label, record)) return flaw;
      }
      if (!label) {
        if (auto flaw = parse_entry(token, at, record)) return flaw;
      }
      row_ = true;
      first = false;
      at = end;
    }
  }

  std::optional<Flaw> parse_label(std::string_view token, std::size_t at,
                                  bool present, Record& record) {
    const bool used = labels_ != LabelUse::ignored;
    if (used && !labelled_) {
      labelled_ = present || labels_ == LabelUse::required;
    }
    if (used && present != *labelled_) return Flaw{Fault::label, at};
    if (!present) return std::nullopt;
    const auto number = plain_number(token);
    if (number.fault) return Flaw{*number.fault, at};
    if (!used) return std::nullopt;
    const float label = number.rounded == 0 ? 0 : number.rounded;
    if (known_ && std::find(std::begin(kKnown), std::end(kKnown), label) ==
                      std::end(kKnown)) {
      return Flaw{Fault::label, at};
    }
    record.label = bits(label);
    return std::nullopt;
  }

  std::optional<Flaw> parse_entry(std::string_view token, std::size_t at,
                                  Record& record) {
    const auto colon =
        std::min(token.find_first_not_of("0123456789"), token.size());
    if (colon == 0 || colon == token.size() || token[colon] != ':') {
      return Flaw{Fault::index, at};
    }
    const auto index = plain_index(token.substr(0, colon));
    if (!index) return Flaw{Fault::index, at};
    if (!record.index.empty() && *index <= record.index.back()) {
      return Flaw{Fault::order, at};
    }
    const auto number = plain_number(token.substr(colon + 1));
    if (number.fault) return Flaw{*number.fault, at + colon + 1};
    record.index.push_back(*index);
    record.value.push_back(bits(number.rounded));
    return std::nullopt;
  }

  const LabelUse labels_;
  const bool known_;
  std::optional<bool> labelled_;
  bool row_ = false;  // the line is a row
};

data::Schema known_schema() {
  data::Schema schema;
  for (const auto value : kKnown) {
    schema.label_values.push_back({.name = "", .value = double{value}});
  }
  return schema;
}

void run(Taker input) {
  const auto flags = input.byte();
  const auto seed = input.number<std::uint16_t>();
  const auto text = input.rest();
  data::ReaderOptions options;
  options.labels = static_cast<LabelUse>(flags % 4 % 3);
  options.may_be_empty = (flags & 4U) != 0;
  options.block_bytes = (flags & 8U) != 0 ? 16 : 4096;
  options.known_labels = (flags & 16U) != 0;
  if (options.known_labels) {
    options.schema = known_schema();
  } else {
    options.format = data::Format::libsvm;
  }
  const auto reading = read_either_way(options, text, seed);
  if (taken_for_packed(text)) return;
  const bool open = openable(text, options.may_be_empty, options.known_labels);
  PSM_CHECK(reading.schema.has_value() == open, "a text that can be read");
  if (!open) return;
  const auto plain = without_mark(text);
  const auto expected =
      PlainLibsvm(options.labels, options.known_labels).read(plain);
  PSM_CHECK(agree(reading, expected), "the rows of the text");
  const bool none = expected.empty() && !options.may_be_empty;
  PSM_CHECK(reading.error.empty() != none, "an error if there is no record");
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
