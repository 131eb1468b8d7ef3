#include "data/bind.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/format.h"
#include "data/number.h"

namespace psmith::data {
namespace {

std::string lowered(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 10;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) {
    out += (i == 0 ? "" : ", ") + in_quotes(names[i]);
  }
  if (names.size() > kShown) out += format(", ... ({} in all)", names.size());
  return out;
}

std::optional<std::size_t> find(const std::vector<std::string>& names,
                                std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<std::size_t>(at - names.begin());
}

// A column by name, or by its number from 1.
Result<std::size_t> column_of(const FileColumns& file, std::string_view word,
                              std::string_view option) {
  if (const auto at = find(file.names, word)) return *at;
  const auto number = parse_index(word.data(), word.data() + word.size());
  if (number.end == word.data() + word.size() && !word.empty() &&
      !number.overflow && number.value >= 1 &&
      number.value <= file.names.size()) {
    return static_cast<std::size_t>(number.value - 1);
  }
  if (!file.header) {
    return error(Code::invalid,
                 "{} {}: no such column\nhint: there is no header; columns "
                 "are numbered 1 to {}",
                 option, in_quotes(word), file.names.size());
  }
  return error(Code::invalid, "{} {}: no such column\nhint: the columns are {}",
               option, in_quotes(word), list_of(file.names));
}

// By name the first column of that name counts; others must be ignored.
Status check_names(const FileColumns& file, const std::vector<bool>& ignored) {
  std::map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < file.names.size(); ++i) {
    const auto [at, added] = seen.emplace(file.names[i], i);
    if (added || ignored[i]) continue;
    return error(Code::invalid,
                 "columns {} and {} have the same name {}\nhint: --ignore {} "
                 "leaves the second one out",
                 at->second + 1, i + 1, in_quotes(file.names[i]), i + 1);
  }
  return Done{};
}

Result<std::size_t> guess_label(const FileColumns& file,
                                const std::vector<bool>& taken,
                                std::string& note) {
  constexpr std::array<std::string_view, 4> kUsual = {"label", "target",
                                                      "class", "y"};
  if (!file.header) {
    return error(Code::invalid,
                 "no label: the file has no header to name one\nhint: --label "
                 "N takes column N of 1 to {}; --header if line 1 has names",
                 file.names.size());
  }
  for (const auto usual : kUsual) {
    for (std::size_t i = 0; i < file.names.size(); ++i) {
      if (taken[i] || lowered(file.names[i]) != usual) continue;
      note = format("label: column {}", in_quotes(file.names[i]));
      return i;
    }
  }
  for (std::size_t i = file.names.size(); i-- > 0;) {
    if (taken[i]) continue;
    note = format("label: column {}, the last (--label names another)",
                  in_quotes(file.names[i]));
    return i;
  }
  return error(Code::invalid, "no label: every column is taken");
}

}  // namespace

std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= count; ++i) names.push_back(std::to_string(i));
  return names;
}

Result<ChosenColumns> choose_columns(const FileColumns& file,
                                     const ColumnOptions& options) {
  ChosenColumns out;
  auto& schema = out.schema;
  schema.format = Format::csv;
  schema.header = file.header;
  std::vector<bool> taken(file.names.size());
  for (const auto& word : options.ignore) {
    PSM_TRY(const auto at, column_of(file, word, "--ignore"));
    if (!taken[at]) schema.ignored.push_back(file.names[at]);
    taken[at] = true;
  }
  PSM_DO(check_names(file, taken));
  if (!options.weight.empty()) {
    PSM_TRY(const auto at, column_of(file, options.weight, "--weight"));
    if (taken[at]) {
      return error(Code::invalid, "--weight {}: the column is also ignored",
                   in_quotes(options.weight));
    }
    taken[at] = true;
    schema.weight = file.names[at];
  }
  std::size_t label = 0;
  if (options.label.empty()) {
    PSM_TRY(label, guess_label(file, taken, out.note));
  } else {
    PSM_TRY(label, column_of(file, options.label, "--label"));
    if (taken[label]) {
      return error(Code::invalid,
                   "--label {}: the column is also ignored or the weight",
                   in_quotes(options.label));
    }
  }
  taken[label] = true;
  schema.label = file.names[label];
  for (std::size_t i = 0; i < file.names.size(); ++i) {
    if (!taken[i]) schema.columns.push_back({.name = file.names[i]});
  }
  if (schema.columns.empty()) {
    return error(Code::invalid,
                 "no features: column {} is the label and none is left\nhint: "
                 "--delimiter, --label or --format may be wrong",
                 in_quotes(schema.label));
  }
  return out;
}

namespace {

Binding empty_binding(const Schema& schema, const FileColumns& file) {
  Binding out;
  out.role.assign(file.names.size(), Binding::unused);
  out.name = file.names;
  out.feature_count = schema.columns.size();
  out.label_text = schema.label_text;
  if (schema.label_text) {
    for (const auto& value : schema.label_values) {
      out.label_values.push_back(value.name);
    }
  }
  return out;
}

Status bind_special(const std::string& name, std::int32_t role,
                    const FileColumns& file, LabelUse labels, Binding& out) {
  if (name.empty() || labels == LabelUse::ignored) return Done{};
  if (const auto at = find(file.names, name)) {
    if (out.role[*at] == Binding::label) {
      return error(Code::invalid, "column {} is both label and weight",
                   in_quotes(name));
    }
    out.role[*at] = role;
  } else if (labels == LabelUse::required) {
    return error(Code::invalid, "no {} column {}\nhint: the columns are {}",
                 role == Binding::label ? "label" : "weight", in_quotes(name),
                 list_of(file.names));
  }
  return Done{};
}

Status bind_by_name(const Schema& schema, const FileColumns& file,
                    LabelUse labels, Binding& out) {
  std::map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < file.names.size(); ++i) {
    place.emplace(file.names[i], i);
  }
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const auto at = place.find(schema.columns[i].name);
    if (at == place.end()) {
      return error(Code::invalid,
                   "no column {}, a feature of the model\n"
                   "hint: the columns are {}",
                   in_quotes(schema.columns[i].name), list_of(file.names));
    }
    out.role[at->second] = static_cast<std::int32_t>(i);
  }
  PSM_DO(bind_special(schema.label, Binding::label, file, labels, out));
  return bind_special(schema.weight, Binding::weight, file, labels, out);
}

// Columns that the schema uses must be told apart by name.
Status check_names(const Schema& schema, const FileColumns& file) {
  std::map<std::string_view, std::size_t> used;
  for (const auto& column : schema.columns) used.emplace(column.name, 0);
  used.emplace(schema.label, 0);
  used.emplace(schema.weight, 0);
  for (const auto& name : schema.ignored) used.erase(name);
  for (std::size_t i = 0; i < file.names.size(); ++i) {
    const auto at = used.find(file.names[i]);
    if (at == used.end()) continue;
    if (at->second != 0) {
      return error(Code::invalid,
                   "columns {} and {} have the same name {}\nhint: give them "
                   "different names",
                   at->second, i + 1, in_quotes(file.names[i]));
    }
    at->second = i + 1;
  }
  return Done{};
}

// The columns that psdata cat writes without a header: all but the ignored
// ones, in their first order.
FileColumns stored_columns(const Schema& schema) {
  FileColumns out;
  for (const auto& column : schema.columns) out.names.push_back(column.name);
  if (!schema.label.empty()) out.names.push_back(schema.label);
  if (!schema.weight.empty()) out.names.push_back(schema.weight);
  std::stable_sort(out.names.begin(), out.names.end(),
                   [](const auto& a, const auto& b) {
                     return column_number(a) < column_number(b);
                   });
  return out;
}

// Would rows of the file's own columns, but for a label or a weight that they
// lack, have as many fields as rows without the ignored columns?
bool could_be_raw(const Schema& schema, LabelUse labels) {
  const auto ignored = schema.ignored.size();
  const std::size_t label = schema.label.empty() ? 0 : 1;
  const std::size_t weight = schema.weight.empty() ? 0 : 1;
  if (labels == LabelUse::required) return weight == 1 && ignored == 1;
  return ignored == 1 || (ignored == 2 && label + weight == 2);
}

Result<Binding> bind_all(const Schema& schema, const FileColumns& file,
                         LabelUse labels) {
  auto out = empty_binding(schema, file);
  PSM_DO(bind_by_name(schema, file, labels, out));
  return out;
}

}  // namespace

std::uint64_t column_number(std::string_view name) {
  return parse_index(name.data(), name.data() + name.size()).value;
}

Result<Binding> bind(const Schema& schema, const FileColumns& file,
                     LabelUse labels) {
  if (file.header) PSM_DO(check_names(schema, file));
  const auto features = schema.columns.size();
  const auto count = file.names.size();
  const auto all = features + schema.ignored.size() +
                   (schema.label.empty() ? 0 : 1) +
                   (schema.weight.empty() ? 0 : 1);
  const bool numbered = !file.header && !schema.header;
  if (file.header || (numbered && count == all)) {
    return bind_all(schema, file, labels);
  }
  if (numbered && count == all - schema.ignored.size() &&
      !could_be_raw(schema, labels)) {
    return bind_all(schema, stored_columns(schema), labels);
  }
  auto out = empty_binding(schema, file);
  if (count == features && labels != LabelUse::required) {
    for (std::size_t i = 0; i < features; ++i) {
      out.role[i] = static_cast<std::int32_t>(i);
      out.name[i] = schema.columns[i].name;
    }
    return out;
  }
  const auto wanted = labels == LabelUse::required || schema.header
                          ? std::string()
                          : format(" or all {}", all);
  return error(Code::invalid,
               "the rows have {} fields and no header; the model has {} "
               "features{}\nhint: --header if line 1 names the columns",
               count, features, wanted);
}

bool names_columns(const Schema& schema,
                   const std::vector<std::string>& fields) {
  bool words = false, all = true;
  for (const auto& column : schema.columns) {
    const bool found = find(fields, column.name).has_value();
    // A name that is a number may as well be a value.
    const bool word = parse_whole(column.name).fault == NumberFault::text;
    if (word && found) return true;
    words = words || word;
    all = all && found;
  }
  return all && !words;
}

}  // namespace psmith::data
