// How a Reader begins an input: what it guesses, and which column is what.
#include <algorithm>

#include "base/format.h"
#include "data/csv.h"
#include "data/guess.h"
#include "data/libsvm.h"
#include "data/number.h"
#include "data/reader.h"

namespace psmith::data {
namespace {

constexpr std::size_t kSampleBytes = std::size_t{64} << 10;
constexpr std::size_t kNone = RecordParser::npos;

// With a fitted schema one whole line is enough to begin; a guess looks at a
// fixed number of bytes, never at what happens to have arrived.
bool enough(std::string_view text, bool fitted) {
  if (text.size() >= kRecordMax) return true;
  const auto newline = text.find('\n');
  if (newline == kNone) return false;
  return fitted ||
         (text.size() >= kSampleBytes && text.find('\n', newline + 1) != kNone);
}

}  // namespace

// The first bytes of the input, byte order mark removed.
Result<std::string_view> Reader::sample() {
  while (!window_->ended() &&
         !enough(window_->text(), options_.schema.has_value())) {
    PSM_DO(window_->fill());
  }
  if (!begun_ && window_->text().starts_with(kByteOrderMark)) {
    window_->consume(kByteOrderMark.size());
  }
  begun_ = true;
  return window_->text();
}

// What no format can read.
Status Reader::check_text(std::string_view text) const {
  const auto blank =
      text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (blank && window_->ended() && options_.inputs.size() == 1 &&
      !options_.may_be_empty) {
    return error(Code::corrupt, "{}: {}there are no records", window_->name(),
                 text.empty() ? "empty, " : "");
  }
  const auto end = without_line_end(text);
  if (window_->ended() && end.find('\n') == kNone && end.find('\r') != kNone &&
      end.find('"') == kNone) {
    return error(Code::corrupt,
                 "{}: lines end with a lone carriage return\n"
                 "hint: tr '\\r' '\\n' turns them into lines",
                 window_->name());
  }
  return Done{};
}

Status Reader::begin_first() {
  PSM_TRY(const auto text, sample());
  const bool blank =
      text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  PSM_DO(check_text(text));
  if (options_.schema) {
    schema_ = *options_.schema;
    choose_delimiter(text);
  } else if (!blank || options_.inputs.size() == 1) {
    PSM_DO(guess_all(text));
  } else if (input_ + 1 < options_.inputs.size()) {
    PSM_DO(open_input(input_ + 1));  // nothing here to guess from
    return begin_first();
  }
  if (schema_.format == Format::csv) return begin_csv();
  parser_ = std::make_unique<LibsvmParser>(options_.labels, known_labels());
  return Done{};
}

std::vector<float> Reader::known_labels() const {
  std::vector<float> known;
  if (!options_.known_labels || schema_.label_text) return known;
  for (const auto& value : schema_.label_values) {
    known.push_back(static_cast<float>(value.value));
  }
  return known;
}

// With a fitted schema: as given, or the schema's, unless that does not cut
// the first line.
void Reader::choose_delimiter(std::string_view text) {
  if (schema_.format != Format::csv) return;
  const auto line = text.substr(0, text.find('\n'));
  if (options_.delimiter) {
    schema_.delimiter = *options_.delimiter;
  } else if (schema_.columns.size() > 1 &&
             line.find(schema_.delimiter) == std::string_view::npos) {
    schema_.delimiter = guess_delimiter(text);
  }
}

Status Reader::guess_all(std::string_view text) {
  const bool guessed = !options_.format;
  const auto format_guess = guessed ? guess_format(text) : options_.format;
  if (!format_guess) {
    const auto nul = text.find('\0');
    if (nul != std::string_view::npos) {
      const auto before = text.substr(0, nul);
      const auto column = nul - (before.rfind('\n') + 1) + 1;
      return error(Code::corrupt, "{}:{}:{}: {}", window_->name(),
                   lines_in(before) + 1, column, kNulText);
    }
    return error(Code::corrupt,
                 "{}: cannot guess the format: none of the first lines has "
                 "index:value or a delimiter\nhint: --format libsvm or "
                 "--format csv says it",
                 window_->name());
  }
  schema_.format = *format_guess;
  if (schema_.format == Format::libsvm) {
    const auto& columns = options_.columns;
    if (options_.delimiter || options_.header || !columns.label.empty() ||
        !columns.weight.empty() || !columns.ignore.empty()) {
      return error(Code::invalid,
                   "{}: libsvm has no columns, so options of columns (--label, "
                   "--header, ...) do not apply\nhint: --format csv, if this "
                   "is not libsvm",
                   window_->name());
    }
    if (guessed) {
      notes_.push_back(
          psmith::format("{}: format libsvm (guessed)", window_->name()));
    }
    return Done{};
  }
  schema_.delimiter =
      options_.delimiter ? *options_.delimiter : guess_delimiter(text);
  return Done{};
}

// The fields of the first record; consumed only by the caller.
Result<std::optional<std::vector<std::string>>> Reader::read_names() {
  const CsvParser scanner(schema_.delimiter, {});
  while (true) {
    PSM_TRY(const auto text, sample());
    const auto size = scanner.scan(text, window_->ended());
    if (size == kNone && !window_->ended() && text.size() < kRecordMax) {
      PSM_DO(window_->fill());
      continue;
    }
    if (size == kNone && window_->ended()) {
      return std::optional<std::vector<std::string>>();
    }
    if (size == kNone || size > kRecordMax) {
      return error(Code::corrupt, "{}:{}:1: {}", window_->name(), line_,
                   kTooLongText);
    }
    const auto record = without_line_end(text.substr(0, size));
    if (trimmed(record).empty()) {
      window_->consume(size);
      line_ += lines_in(text.substr(0, size));
      continue;
    }
    const auto nul = record.find('\0');
    if (nul != std::string_view::npos) {
      const Flaw flaw{Fault::nul, nul, kNulText};
      return error(Code::corrupt, "{}: {}", place(flaw, record), kNulText);
    }
    auto fields = CsvParser::fields(record, schema_.delimiter);
    if (!fields) {
      return std::move(fields.error())
          .at(psmith::format("{}:{}:1", window_->name(), line_));
    }
    return std::optional(std::move(*fields));
  }
}

// Header, columns and parser of the input that was just opened.
Status Reader::begin_csv() {
  PSM_TRY(const auto first, read_names());
  if (!first) return Done{};  // no record: next() will say so
  const bool fitted = options_.schema.has_value() || parser_ != nullptr;
  const bool looks = guess_header(*first) || (fitted && schema_.header &&
                                              names_columns(schema_, *first));
  const bool header = options_.header.value_or(looks);
  if (header) {
    const auto text = window_->text();
    const CsvParser scanner(schema_.delimiter, {});
    const auto size = scanner.scan(text, window_->ended());
    if (header_text_.empty()) {
      header_text_ = without_line_end(text.substr(0, size));
    }
    line_ += lines_in(text.substr(0, size));
    window_->consume(size);
  }
  FileColumns file{.names = numbered(first->size()), .header = false};
  if (header && (!fitted || schema_.header)) {
    file = {.names = *first, .header = true};
    for (std::size_t i = 0; i < file.names.size(); ++i) {
      if (file.names[i].empty()) file.names[i] = std::to_string(i + 1);
    }
  } else if (!header && parser_ != nullptr && first->size() == names_.size()) {
    file = {.names = names_, .header = true};  // a part without its header
  }
  if (!fitted) {
    PSM_DO(choose(file));
  }
  auto binding = bind(schema_, file, options_.labels);
  if (!binding) return std::move(binding.error()).at(window_->name());
  const auto labelled = std::count_if(
      binding->role.begin(), binding->role.end(), [](std::int32_t role) {
        return role == Binding::label || role == Binding::weight;
      });
  if (parser_ != nullptr && labelled != labelled_) {
    return error(Code::invalid,
                 "{}: the label or weight column of the first input is missing "
                 "here, or the other way round",
                 window_->name());
  }
  labelled_ = labelled;
  if (names_.empty()) names_ = file.names;
  binding->fitted = options_.schema.has_value();
  binding->label_numbers = known_labels();
  parser_ = std::make_unique<CsvParser>(schema_.delimiter, std::move(*binding));
  return Done{};
}

Status Reader::choose(const FileColumns& file) {
  auto chosen = choose_columns(file, options_.columns);
  if (!chosen) return std::move(chosen.error()).at(window_->name());
  const char delimiter = schema_.delimiter;
  schema_ = std::move(chosen->schema);
  schema_.delimiter = delimiter;
  const bool all_given =
      options_.format && options_.delimiter && options_.header;
  if (!all_given) {
    notes_.push_back(format("{}: format csv, delimiter {}, {} (guessed)",
                            window_->name(), delimiter_name(delimiter),
                            file.header ? "header" : "no header"));
  }
  if (!chosen->note.empty()) {
    notes_.push_back(format("{}: {}", window_->name(), chosen->note));
  }
  PSM_TRY(schema_.label_text, text_labels(file));
  return Done{};
}

// Labels are text when those of the first two records are no numbers.
Result<bool> Reader::text_labels(const FileColumns& file) {
  const auto at =
      std::find(file.names.begin(), file.names.end(), schema_.label);
  const auto label = static_cast<std::size_t>(at - file.names.begin());
  const CsvParser scanner(schema_.delimiter, {});
  std::size_t seen = 0, offset = 0;
  while (seen < 2) {
    const auto text = window_->text().substr(offset);
    const auto size = scanner.scan(text, window_->ended());
    if (size == kNone) {
      if (window_->ended() || text.size() >= kRecordMax) break;
      PSM_DO(window_->fill());
      continue;
    }
    const auto record = without_line_end(text.substr(0, size));
    offset += size;
    if (trimmed(record).empty()) continue;
    ++seen;
    auto fields = CsvParser::fields(record, schema_.delimiter);
    if (!fields) return false;  // parsing will say where
    if (label >= fields->size() || (*fields)[label].empty() ||
        parse_whole((*fields)[label]).fault != NumberFault::text) {
      return false;
    }
  }
  return seen > 0;
}

}  // namespace psmith::data
