// CsvParser: comma-, tab- or otherwise separated records (RFC 4180): fields in
// double quotes may hold delimiters, line ends and doubled quotes. Blanks
// around unquoted fields do not count; empty lines are no records. With the
// delimiter ' ', runs of blanks separate. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/number.h"
#include "data/record.h"

namespace psmith::data {

// What each field of a record is for.
struct Binding {
  enum : std::int32_t { label = -1, weight = -2, unused = -3 };
  std::vector<std::int32_t> role;  // by field: a feature's number, or these
  std::vector<std::string> name;   // by field, for messages
  std::size_t feature_count = 0;
  bool label_text = false;
  bool fitted = false;  // by a schema from elsewhere: hints differ
  // Sorted; not empty: text labels become indices of it, others are bad.
  std::vector<std::string> label_values;
  std::vector<float> label_numbers;  // as unknown_label() takes it
};

// One field as it stands in a record.
struct Field {
  std::string_view text = {};  // without quotes and outer blanks
  std::size_t offset = 0;
  const char* end = nullptr;  // at the delimiter, or the record's end
  std::optional<Flaw> flaw = {};
};

class CsvParser final : public RecordParser {
 public:
  CsvParser(char delimiter, Binding binding)
      : delimiter_(delimiter),
        in_numbers_(std::string_view("0123456789.+-eE").find(delimiter) !=
                    npos),
        binding_(std::move(binding)) {}

  std::size_t scan(std::string_view text, bool ended) const override;
  Parsed parse(std::string_view record, RawBlock& block) override;
  std::size_t run(std::string_view text, const RunLimit& limit,
                  RawBlock& block) override;
  bool divisible() const override { return true; }
  std::unique_ptr<RecordParser> clone() const override {
    return std::make_unique<CsvParser>(*this);
  }

  // The fields as text, for headers and guesses; nothing after a flaw.
  static Result<std::vector<std::string>> fields(std::string_view record,
                                                 char delimiter);

 private:
  Parsed parse_fields(std::string_view record, RawBlock& block);
  std::optional<Flaw> take(std::size_t field, std::string_view record,
                           const char*& p, RawBlock& block);
  std::optional<Flaw> take_slow(std::size_t field, std::string_view record,
                                const char*& p, RawBlock& block);
  std::optional<Flaw> take_label(std::string_view text, std::size_t offset,
                                 std::size_t field, RawBlock& block);
  Flaw number_flaw(NumberFault fault, std::string_view text, std::size_t field,
                   std::size_t offset) const;
  Flaw count_flaw(std::string_view record, std::size_t fields,
                  std::size_t offset) const;

  const char delimiter_;
  const bool in_numbers_;  // it may stand in one
  const Binding binding_;
  std::string scratch_;
};

}  // namespace psmith::data
