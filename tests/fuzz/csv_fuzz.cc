// The CSV reader, and what it guesses: a text gives the same rows however it
// is cut into buffers, and the rows that a plain reading gives, to the bit;
// what that refuses is refused for the same reason at the same place.
//
// Input: options (2 bytes), a delimiter (1 byte), a seed for the cuts (2
// bytes), the text.
#include "csv_reference.h"
#include "input.h"
#include "rows.h"

namespace psmith::fuzz {
namespace {

using data::Format;
using data::LabelUse;
using data::Schema;

// How a text is to be read.
enum class Mode { guessed, columns, schema };

struct Plan {
  Mode mode = Mode::guessed;
  data::ReaderOptions options;
};

char delimiter_of(std::uint8_t byte) {
  constexpr std::string_view kUsual = ",\t;| ";
  // Whatever --delimiter takes, also what may stand in a number.
  constexpr std::string_view kOdd = ".-+eE0159:#'x_nai\x7f\x80\xff\x01";
  return byte < 192 ? kUsual[byte % kUsual.size()] : kOdd[byte % kOdd.size()];
}

// Two to four features, a label, perhaps a weight.
Schema fitted(std::uint8_t flags, char delimiter) {
  Schema schema;
  schema.format = Format::csv;
  schema.delimiter = delimiter;
  schema.header = (flags & 1U) != 0;
  const auto name = [&](std::size_t i) {
    return schema.header ? std::string(1, static_cast<char>('a' + i))
                         : std::to_string(i + 1);
  };
  schema.label = name(0);
  if ((flags & 2U) != 0) schema.weight = name(1);
  if ((flags & 4U) != 0) schema.ignored = {name(2)};
  for (std::size_t i = 0; i < 2U + flags % 3U; ++i) {
    schema.columns.push_back({.name = name(3 + i)});
  }
  schema.label_text = (flags & 8U) != 0;
  for (const auto* const word : {"-1", "0", "no", "yes"}) {
    const auto index = static_cast<double>(schema.label_values.size());
    schema.label_values.push_back({.name = word, .value = index});
  }
  return schema;
}

Plan plan_of(Taker& input) {
  const auto flags = input.byte(), more = input.byte();
  const auto delimiter = delimiter_of(input.byte());
  Plan plan;
  auto& options = plan.options;
  plan.mode = static_cast<Mode>(flags % 4 % 3);
  options.labels = static_cast<LabelUse>((flags >> 2U) % 4 % 3);
  options.may_be_empty = (flags & 16U) != 0;
  options.block_bytes = (flags & 32U) != 0 ? 16 : 4096;
  if (plan.mode == Mode::guessed) return plan;
  options.format = Format::csv;
  options.delimiter = delimiter;
  options.header = (flags & 64U) != 0;
  if (plan.mode == Mode::columns) {
    options.columns.label = "1";
    if ((more & 1U) != 0) options.columns.weight = "2";
    if ((more & 2U) != 0) options.columns.ignore = {"3"};
    return plan;
  }
  options.schema = fitted(more, delimiter);
  options.known_labels = (flags & 128U) != 0;
  return plan;
}

std::vector<float> known_labels(const Plan& plan, const Schema& schema) {
  std::vector<float> known;
  if (!plan.options.known_labels || schema.label_text) return known;
  for (const auto& value : schema.label_values) {
    known.push_back(static_cast<float>(value.value));
  }
  return known;
}

// The first record that is not blank.
std::string_view first_record(std::string_view text, char delimiter,
                              std::size_t& at) {
  while (at < text.size()) {
    const auto size = csv_extent(text.substr(at), delimiter);
    const auto record = text.substr(at, size);
    if (!stripped(bare(record)).empty()) return record;
    at += size;
  }
  return {};
}

// The rows of a text that could be opened, or nothing if it could not.
std::optional<std::vector<Record>> plain_rows(std::string_view text,
                                              const Schema& schema,
                                              const Plan& plan) {
  std::size_t at = 0;
  const auto record = first_record(text, schema.delimiter, at);
  if (record.empty()) return std::vector<Record>();
  if (record.find('\0') != record.npos) return std::nullopt;
  const auto first = csv_fields(bare(record), schema.delimiter);
  if (first.flaw) return std::nullopt;
  data::FileColumns file;
  // With guesses the schema says what was found.
  const bool header = plan.options.header.value_or(schema.header);
  if (header) at += record.size();
  file.header = header && schema.header;
  file.names = data::numbered(first.fields.size());
  for (std::size_t i = 0; file.header && i < first.fields.size(); ++i) {
    if (first.fields[i].text.empty()) continue;
    file.names[i] = first.fields[i].text;
  }
  auto binding = data::bind(schema, file, plan.options.labels);
  if (!binding) return std::nullopt;
  binding->label_numbers = known_labels(plan, schema);
  return csv_records(text, at,
                     {.delimiter = schema.delimiter, .binding = *binding});
}

void run(Taker input) {
  const auto plan = plan_of(input);
  const auto seed = input.number<std::uint16_t>();
  const auto text = input.rest();
  const auto reading = read_either_way(plan.options, text, seed);
  if (taken_for_packed(text)) return;
  const bool open =
      openable(text, plan.options.may_be_empty, plan.mode == Mode::schema);
  PSM_CHECK(open || !reading.schema, "a text that cannot be read");
  if (!open) return;
  if (reading.schema && reading.schema->format != Format::csv) return;
  if (!reading.schema && plan.mode != Mode::schema) return;  // columns missing
  const auto& schema = reading.schema ? *reading.schema : *plan.options.schema;
  const auto expected = plain_rows(without_mark(text), schema, plan);
  PSM_CHECK(expected.has_value() == reading.schema.has_value(),
            "a text that can be read");
  if (!expected) return;
  PSM_CHECK(agree(reading, *expected), "the rows of the text");
  const bool none = expected->empty() && !plan.options.may_be_empty;
  PSM_CHECK(reading.error.empty() != none, "an error if there is no record");
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
