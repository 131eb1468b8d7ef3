#include "data/schema.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "data/schema_json.h"

namespace psmith::data {
namespace {

using file::Fields;
using file::Json;
using file::json_text;

constexpr const char* kWhere = "schema";

Json column_json(const Column& column) {
  return {{"name", json_text(column.name)},
          {"mean", column.mean},
          {"scale", column.scale}};
}

Json label_value_json(const LabelValue& label) {
  return {{"name", json_text(label.name)},
          {"value", label.value},
          {"rows", label.rows}};
}

Result<std::vector<Column>> read_columns(const Json& list) {
  std::vector<Column> columns;
  for (const auto& item : list) {
    auto& column = columns.emplace_back();
    Fields fields(item, format("{}: column {}", kWhere, columns.size()));
    fields.read("name", column.name)
        .read("mean", column.mean)
        .read("scale", column.scale);
    if (!(column.scale > 0)) fields.fail("scale", "is not above 0");
    PSM_DO(fields.done());
  }
  return columns;
}

Result<std::vector<LabelValue>> read_label_values(const Json& list, bool text) {
  std::vector<LabelValue> labels;
  for (const auto& item : list) {
    const auto index = labels.size();
    auto& label = labels.emplace_back();
    Fields fields(item, format("{}: label value {}", kWhere, index + 1));
    fields.read("name", label.name)
        .read("value", label.value)
        .read("rows", label.rows);
    if (text && label.value != static_cast<double>(index)) {
      fields.fail("value", "is not its index in the list");
    }
    if (index > 0 && !(labels[index - 1].value < label.value)) {
      fields.fail("value", "is not above the one before");
    }
    if (text && index > 0 && !(labels[index - 1].name < label.name)) {
      fields.fail("name", "does not sort after the one before");
    }
    PSM_DO(fields.done());
  }
  return labels;
}

Status check(const Schema& schema) {
  const auto wrong = [](std::string_view what) {
    return error(Code::corrupt, "{}: {}", kWhere, what);
  };
  if (schema.label_values.size() > kLabelValueMax) {
    return wrong("'label_values' is too long");
  }
  if (schema.label_text && schema.label_values.empty()) {
    return wrong("'label_values' is empty but labels are text");
  }
  if (schema.dense() == schema.columns.empty()) {
    return wrong(schema.dense() ? "'columns' is empty"
                                : "'columns' is not empty but the format is "
                                  "libsvm");
  }
  return Done{};
}

}  // namespace

Json schema_json(const Schema& schema) {
  Json columns = Json::array(), labels = Json::array(), ignored = Json::array();
  for (const auto& column : schema.columns) {
    columns.push_back(column_json(column));
  }
  for (const auto& label : schema.label_values) {
    labels.push_back(label_value_json(label));
  }
  for (const auto& name : schema.ignored) ignored.push_back(json_text(name));
  return {{"format", schema.format == Format::csv ? "csv" : "libsvm"},
          {"delimiter", json_text(std::string(1, schema.delimiter))},
          {"header", schema.header},
          {"columns", std::move(columns)},
          {"label", json_text(schema.label)},
          {"weight", json_text(schema.weight)},
          {"ignored", std::move(ignored)},
          {"label_text", schema.label_text},
          {"label_mean", schema.label_mean},
          {"label_scale", schema.label_scale},
          {"label_values", std::move(labels)}};
}

Result<Schema> schema_of_json(const Json& json) {
  Schema schema;
  std::string format_name, delimiter;
  Fields fields(json, kWhere);
  fields.read("format", format_name)
      .read("delimiter", delimiter)
      .read("header", schema.header)
      .read("label", schema.label)
      .read("weight", schema.weight)
      .read("ignored", schema.ignored)
      .read("label_text", schema.label_text)
      .read("label_mean", schema.label_mean)
      .read("label_scale", schema.label_scale);
  const auto& columns = fields.array("columns");
  const auto& labels = fields.array("label_values");
  if (format_name != "csv" && format_name != "libsvm") {
    fields.fail("format", "is neither libsvm nor csv");
  }
  if (delimiter.size() != 1) fields.fail("delimiter", "is not one byte");
  if (!(schema.label_scale > 0)) fields.fail("label_scale", "is not above 0");
  PSM_DO(fields.done());
  schema.format = format_name == "csv" ? Format::csv : Format::libsvm;
  schema.delimiter = delimiter[0];
  PSM_TRY(schema.columns, read_columns(columns));
  PSM_TRY(schema.label_values, read_label_values(labels, schema.label_text));
  PSM_DO(check(schema));
  return schema;
}

float standardised(const Column& column, double x) {
  constexpr double kMost = std::numeric_limits<float>::max();
  const double z = (x - column.mean) / column.scale;
  return static_cast<float>(std::clamp(z, -kMost, kMost));
}

std::string to_json(const Schema& schema) {
  return file::dump(schema_json(schema));
}

}  // namespace psmith::data
