// Which column is what: from the options of a first reading to a schema, and
// from a schema to the fields of a file. Columns are named by the header, or
// "1", "2", ... without one. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/csv.h"
#include "data/schema.h"

namespace psmith::data {

// The columns of one file, as they stand in it.
struct FileColumns {
  std::vector<std::string> names;
  bool header = false;  // the names were read, not made up
};

struct ColumnOptions {
  std::string label;  // a name, or a number from 1; "": guess
  std::string weight;
  std::vector<std::string> ignore;
};

struct ChosenColumns {
  Schema schema;
  std::string note;  // what was guessed; "" if nothing was
};

// The number that a column without a header has for its name.
std::uint64_t column_number(std::string_view name);

// Names for n columns without a header: "1" .. "n".
std::vector<std::string> numbered(std::size_t count);

// A schema with unfitted columns. Without a label option the header must name
// one: label, target, class or y (upper or lower case), else the last column.
// Errors (invalid): an unknown column, no label, no feature, a name twice
// (unless the second column of that name is ignored).
Result<ChosenColumns> choose_columns(const FileColumns& file,
                                     const ColumnOptions& options);

// Fields of a file by the schema's names; without a header by position: all
// columns that the schema was made of, or these without the ignored ones, or
// the features only. Errors (invalid): a missing column, a name twice, a count
// that fits none of these.
Result<Binding> bind(const Schema& schema, const FileColumns& file,
                     LabelUse labels);

// Whether these fields are the schema's header rather than a record: one of
// them names a column, by a name that is no number; where every name is a
// number, all of them are there.
bool names_columns(const Schema& schema,
                   const std::vector<std::string>& fields);

}  // namespace psmith::data
