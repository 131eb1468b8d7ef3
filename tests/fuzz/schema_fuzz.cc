// The JSON of schemas and of model headers, and texts of any bytes in JSON:
// what is taken is the same when it is written and read again.
//
// Input: mode (1 byte: schema, model header, bytes), the text.
#include "data/model_json.h"
#include "data/schema_json.h"
#include "input.h"

namespace psmith::fuzz {
namespace {

template <class T>
void check_refusal(Result<T>& result) {
  PSM_CHECK(result.error().code == Code::corrupt, "a refusal");
  PSM_CHECK(!result.error().message.empty(), "a refusal says why");
}

void schema(std::string_view text) {
  auto json = file::parse_json(text);
  if (!json) return check_refusal(json);
  auto schema = data::schema_of_json(*json);
  if (!schema) return check_refusal(schema);
  PSM_CHECK(schema->label_scale > 0, "a scale above 0");
  for (const auto& column : schema->columns) {
    PSM_CHECK(std::isfinite(data::standardised(column, 1e300)),
              "a standardised value is finite");
  }
  const auto written = data::to_json(*schema);
  auto json_again = file::parse_json(written);
  PSM_CHECK(json_again.ok(), "a schema is JSON");
  auto again = data::schema_of_json(*json_again);
  PSM_CHECK(again.ok(), "a schema read again");
  PSM_CHECK(*again == *schema, "the same schema");
  PSM_CHECK(data::to_json(*again) == written, "the same text");
}

void model_header(std::string_view text) {
  auto model = data::from_header_json(text);
  if (!model) return check_refusal(model);
  PSM_CHECK(!data::check_header(*model), "a header that agrees with itself");
  const auto written = data::header_json(*model);
  auto again = data::from_header_json(written);
  PSM_CHECK(again.ok(), "a header read again");
  PSM_CHECK(again->schema == model->schema, "the same schema");
  PSM_CHECK(again->classes == model->classes, "the same classes");
  PSM_CHECK(again->facts == model->facts, "the same facts");
  PSM_CHECK(data::header_json(*again) == written, "the same text");
}

void bytes(std::string_view text) {
  const auto in_json = file::json_text(text);
  PSM_CHECK(file::bytes_of_json_text(in_json) == text, "the same bytes");
  const auto written = file::dump(file::Json(in_json));
  auto json = file::parse_json(written);
  PSM_CHECK(json.ok() && json->is_string(), "a text is JSON");
  PSM_CHECK(json->get<std::string>() == in_json, "the same text");
}

void run(Taker input) {
  const auto mode = input.byte();
  if (mode % 4 == 0) return bytes(input.rest());
  return mode % 4 == 1 ? schema(input.rest()) : model_header(input.rest());
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
