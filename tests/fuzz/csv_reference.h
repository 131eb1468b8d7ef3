// CSV read slowly and plainly, field by field: what the reader of the library
// is compared with. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/bind.h"
#include "rows.h"

namespace psmith::fuzz {

struct CsvField {
  std::string text;
  std::size_t offset = 0;  // in the record
  std::size_t end = 0;     // at the delimiter or the record's end
};

struct CsvFlaw {
  data::Fault fault;
  std::size_t offset;
};

// One record, cut into fields; after a flaw in the quotes there are no more.
struct CsvRecord {
  std::vector<CsvField> fields;
  std::optional<CsvFlaw> flaw;
};
CsvRecord csv_fields(std::string_view record, char delimiter);

// Bytes of the record that begins here, with its line end.
std::size_t csv_extent(std::string_view text, char delimiter);

// Every record of a text from `at`: rows and bad ones.
struct CsvPlan {
  char delimiter = ',';
  data::Binding binding;
};
std::vector<Record> csv_records(std::string_view text, std::size_t at,
                                const CsvPlan& plan);

// Without "\n" or "\r\n" at the end; without blanks on either side.
std::string_view bare(std::string_view record);
std::string_view stripped(std::string_view text);

}  // namespace psmith::fuzz
