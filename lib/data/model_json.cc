#include "data/model_json.h"

#include <utility>

#include "base/format.h"
#include "data/schema_json.h"

namespace psmith::data {
namespace {

using file::Fields;
using file::Json;
using file::json_text;

constexpr const char* kWhere = "model header";

Json settings_json(const model::Settings& s) {
  return {{"kind", model::name_of(s.kind)},
          {"dense", s.dense},
          {"column_count", s.column_count},
          {"class_count", s.class_count}};
}

Result<model::Settings> read_settings(const Json& json) {
  model::Settings s;
  std::string name;
  Fields fields(json, std::string(kWhere) + ": settings");
  fields.read("kind", name)
      .read("dense", s.dense)
      .read("column_count", s.column_count)
      .read("class_count", s.class_count);
  auto kind = model::kind_of(name);
  if (!kind) fields.fail("kind", "is no model that this build knows");
  PSM_DO(fields.done());
  s.kind = *kind;
  return s;
}

std::size_t expected_class_count(const model::Settings& s) {
  if (s.kind == model::Kind::linear) return 0;
  return s.kind == model::Kind::logistic ? 2 : s.class_count;
}

}  // namespace

std::optional<Error> check_header(const SavedModel& model) {
  const auto& s = model.settings;
  const auto wrong = [](std::string_view what) {
    return error(Code::corrupt, "{}: {}", kWhere, what);
  };
  if (s.dense != model.schema.dense()) {
    return wrong("'dense' does not agree with the schema's format");
  }
  if (s.column_count != model.schema.columns.size()) {
    return wrong("'column_count' is not the number of the schema's columns");
  }
  if (s.kind == model::Kind::softmax ? s.class_count < 2 : s.class_count != 0) {
    return wrong("'class_count' does not fit the kind of model");
  }
  if (model.classes.size() != expected_class_count(s)) {
    return wrong("'classes' does not fit the kind of model");
  }
  return std::nullopt;
}

std::string header_json(const SavedModel& model) {
  Json classes = Json::array(), facts = Json::object();
  for (const auto& name : model.classes) classes.push_back(json_text(name));
  for (const auto& [name, text] : model.facts) {
    facts[json_text(name)] = json_text(text);
  }
  return file::dump({{"settings", settings_json(model.settings)},
                     {"schema", schema_json(model.schema)},
                     {"classes", std::move(classes)},
                     {"facts", std::move(facts)}});
}

Result<SavedModel> from_header_json(std::string_view text) {
  auto json = file::parse_json(text);
  if (!json) return std::move(json.error()).at(kWhere);
  SavedModel model;
  Fields fields(*json, kWhere);
  const auto& settings = fields.object("settings");
  const auto& schema = fields.object("schema");
  const auto& facts = fields.object("facts");
  fields.read("classes", model.classes);
  PSM_DO(fields.done());
  PSM_TRY(model.settings, read_settings(settings));
  PSM_TRY(model.schema, schema_of_json(schema));
  for (const auto& [name, value] : facts.items()) {
    if (!value.is_string()) {
      return error(Code::corrupt, "{}: fact '{}' is not text", kWhere, name);
    }
    model.facts.emplace(
        file::bytes_of_json_text(name),
        file::bytes_of_json_text(value.get_ref<const std::string&>()));
  }
  if (auto wrong = check_header(model)) return std::move(*wrong);
  return model;
}

}  // namespace psmith::data
