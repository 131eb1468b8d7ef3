#include "data/answer.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "file/json.h"

using namespace psmith;
using namespace psmith::data;

namespace {

SavedModel model_of(model::Kind kind, std::vector<std::string> classes) {
  SavedModel model;
  model.settings.kind = kind;
  if (kind == model::Kind::softmax) {
    model.settings.class_count = static_cast<std::uint32_t>(classes.size());
  }
  model.classes = std::move(classes);
  return model;
}

std::string line(const SavedModel& model, const AnswerOptions& options,
                 std::vector<float> raw, std::string_view record = "") {
  auto answers = Answers::make(model, options);
  REQUIRE(answers);
  std::string out;
  answers->row(raw, record, out);
  return out;
}

const auto kLinear = model_of(model::Kind::linear, {});
const auto kLogistic = model_of(model::Kind::logistic, {"0", "1"});
const auto kSoftmax = model_of(model::Kind::softmax, {"a", "b", "c"});

}  // namespace

TEST_CASE("a linear model's line is its value", "[data]") {
  REQUIRE(line(kLinear, {}, {0.1F}) == "0.1\n");
  REQUIRE(line(kLinear, {.style = AnswerStyle::label}, {-3.5F}) == "-3.5\n");
  REQUIRE(line(kLinear, {.style = AnswerStyle::raw}, {1e30F}) == "1e+30\n");
  REQUIRE_FALSE(Answers::make(kLinear, {.style = AnswerStyle::proba}));
}

TEST_CASE("other models' lines are a label and its probability", "[data]") {
  REQUIRE(line(kLogistic, {}, {2}) == "1\t0.8807971\n");
  REQUIRE(line(kLogistic, {}, {-2}) == "0\t0.8807971\n");
  REQUIRE(line(kLogistic, {}, {0}) == "0\t0.5\n");
  REQUIRE(line(kSoftmax, {}, {0, 0, 0}).starts_with("a\t0.33333"));
  REQUIRE(line(kSoftmax, {.style = AnswerStyle::label}, {0, 9, 0}) == "b\n");
  REQUIRE(line(kSoftmax, {}, {-1000, 0, 1000}) == "c\t1\n");
}

TEST_CASE("probabilities come in class order", "[data]") {
  const AnswerOptions proba{.style = AnswerStyle::proba};
  REQUIRE(line(kLogistic, proba, {-2}) == "0.11920292\n");
  REQUIRE(line(kLogistic, proba, {-1000}) == "0\n");
  REQUIRE(line(kSoftmax, proba, {0, 0, 1000}) == "0\t0\t1\n");
  REQUIRE(line(kSoftmax, {.style = AnswerStyle::raw}, {0, 0.5F, -1}) ==
          "0\t0.5\t-1\n");
}

TEST_CASE("the record comes first with append", "[data]") {
  const AnswerOptions append{.append = true, .delimiter = ','};
  REQUIRE(line(kLogistic, append, {2}, "x,\"y\"") == "x,\"y\",1,0.8807971\n");
  const auto odd = model_of(model::Kind::logistic, {"no", "a,b\n\"c\""});
  REQUIRE(line(odd, append, {2}, "x") == "x,\"a,b\\n\"\"c\"\"\",0.8807971\n");
  REQUIRE(line(odd, {}, {2}) == "a,b\\n\"c\"\t0.8807971\n");
}

TEST_CASE("an object names its schema and escapes what it holds", "[data]") {
  const AnswerOptions jsonl{.style = AnswerStyle::jsonl};
  const std::string schema = R"({"schema":"psmith-prediction-1",)";
  REQUIRE(line(kLinear, jsonl, {0.5F}) == schema + "\"value\":0.5}\n");
  REQUIRE(line(kLinear, jsonl, {std::numeric_limits<float>::infinity()}) ==
          schema + "\"value\":null}\n");
  REQUIRE(line(kLogistic, jsonl, {2}) ==
          schema + "\"label\":1,\"probability\":0.8807971}\n");
  auto text = model_of(model::Kind::logistic, {"0", "a\"b"});
  text.schema.label_text = true;
  REQUIRE(line(text, jsonl, {2}) ==
          schema + "\"label\":\"a\\\"b\",\"probability\":0.8807971}\n");
  REQUIRE(line(kLinear, {.style = AnswerStyle::jsonl, .append = true}, {1},
               "1 2:3") == schema + "\"value\":1,\"record\":\"1 2:3\"}\n");
}

TEST_CASE("any record is escaped as JSON wants it", "[data]") {
  const AnswerOptions options{.style = AnswerStyle::jsonl, .append = true};
  const auto check = [&](const std::string& record) {
    const auto want = file::dump(file::json_text(record));
    REQUIRE_THAT(line(kLinear, options, {1}, record),
                 Catch::EndsWith(",\"record\":" + want + "}\n"));
  };
  for (int byte = 0; byte < 256; ++byte) {
    check(std::string(1, static_cast<char>(byte)));
    check("1:2 3:4 " + std::string(1, static_cast<char>(byte)) + " 5:6");
  }
  check("");
  check("gr\xc3\xbc\xc3\x9f \"1\"\t\\");
}

TEST_CASE("a bad record's line is empty, or an object with the error",
          "[data]") {
  std::string out;
  Answers::make(kLogistic, {.append = true})->bad("f:1:2: why", out);
  REQUIRE(out == "\n");
  out.clear();
  Answers::make(kLogistic, {.style = AnswerStyle::jsonl})
      ->bad("f:1:2: why", out);
  REQUIRE(out ==
          "{\"schema\":\"psmith-prediction-1\",\"error\":\"f:1:2: why\"}\n");
}

TEST_CASE("a header names the new columns behind those of the input",
          "[data]") {
  const auto header = [](const SavedModel& model, AnswerOptions options) {
    std::string out;
    Answers::make(model, options)->header("x,y", out);
    return out;
  };
  REQUIRE(header(kLinear, {}) == "value\n");
  REQUIRE(header(kLogistic, {}) == "label\tprobability\n");
  REQUIRE(header(kLogistic, {.append = true, .delimiter = ','}) ==
          "x,y,label,probability\n");
  REQUIRE(header(kLogistic, {.style = AnswerStyle::proba}) ==
          "probability_1\n");
  REQUIRE(header(kSoftmax, {.style = AnswerStyle::proba}) ==
          "probability_a\tprobability_b\tprobability_c\n");
  REQUIRE(header(kSoftmax, {.style = AnswerStyle::raw}) ==
          "raw_a\traw_b\traw_c\n");
}

TEST_CASE("a model must name its classes", "[data]") {
  REQUIRE_FALSE(Answers::make(model_of(model::Kind::logistic, {"x"}), {}));
}

TEST_CASE("an unknown output lists the known ones", "[data]") {
  REQUIRE(*answer_style("jsonl") == AnswerStyle::jsonl);
  auto style = answer_style("josn");
  REQUIRE_FALSE(style);
  REQUIRE_THAT(style.error().message, Catch::Contains("jsonl"));
}
