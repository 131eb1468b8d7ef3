#include "data/bind.h"

#include <catch2/catch.hpp>

namespace psmith::data {
namespace {

const FileColumns kNamed{.names = {"age", "id", "w", "Target", "size"},
                         .header = true};
const FileColumns kNumbered{.names = {"1", "2", "3"}, .header = false};

Schema chosen(const FileColumns& file, const ColumnOptions& options = {}) {
  auto out = choose_columns(file, options);
  REQUIRE(out.ok());
  return out->schema;
}

std::string choice_error(const FileColumns& file,
                         const ColumnOptions& options = {}) {
  auto out = choose_columns(file, options);
  return out.ok() ? "" : out.error().message;
}

}  // namespace

TEST_CASE("the label is found by its usual names, else it is the last",
          "[data]") {
  REQUIRE(chosen(kNamed).label == "Target");
  REQUIRE(
      chosen(kNamed, {.label = "", .weight = "", .ignore = {"Target"}}).label ==
      "size");
  auto guess = choose_columns({.names = {"a", "b"}, .header = true}, {});
  REQUIRE(guess->note == "label: column 'b', the last (--label names another)");
}

TEST_CASE("columns are chosen by name or number", "[data]") {
  const auto schema = chosen(
      kNamed, {.label = "size", .weight = "w", .ignore = {"2", "Target"}});
  REQUIRE(schema.label == "size");
  REQUIRE(schema.weight == "w");
  REQUIRE(schema.ignored == std::vector<std::string>{"id", "Target"});
  REQUIRE(schema.columns == std::vector<Column>{{.name = "age"}});
  REQUIRE(chosen(kNumbered, {.label = "1", .weight = "", .ignore = {}})
              .columns.front()
              .name == "2");
}

TEST_CASE("a choice that cannot be is refused", "[data]") {
  REQUIRE(choice_error(kNumbered) ==
          "no label: the file has no header to name one\nhint: --label N takes "
          "column N of 1 to 3; --header if line 1 has names");
  REQUIRE(choice_error(kNamed, {.label = "sise", .weight = "", .ignore = {}}) ==
          "--label 'sise': no such column\n"
          "hint: the columns are 'age', 'id', 'w', 'Target', 'size'");
  REQUIRE(choice_error(kNumbered, {.label = "4", .weight = "", .ignore = {}}) ==
          "--label '4': no such column\n"
          "hint: there is no header; columns are numbered 1 to 3");
  REQUIRE(
      choice_error(kNamed, {.label = "age", .weight = "", .ignore = {"age"}}) ==
      "--label 'age': the column is also ignored or the weight");
  REQUIRE(
      choice_error(kNamed, {.label = "", .weight = "age", .ignore = {"age"}}) ==
      "--weight 'age': the column is also ignored");
  REQUIRE(choice_error({.names = {"y"}, .header = true}) ==
          "no features: column 'y' is the label and none is left\nhint: "
          "--delimiter, --label or --format may be wrong");
  REQUIRE(choice_error({.names = {"a", "b", "a"}, .header = true}) ==
          "columns 1 and 3 have the same name 'a'\n"
          "hint: --ignore 3 leaves the second one out");
}

TEST_CASE("a name may stand twice where it does not matter", "[data]") {
  const FileColumns file{.names = {"a", "b", "a", "b", "y"}, .header = true};
  const ColumnOptions later{.label = "", .weight = "", .ignore = {"3", "4"}};
  const auto schema = chosen(file, later);
  REQUIRE(schema.columns == std::vector<Column>{{.name = "a"}, {.name = "b"}});
  REQUIRE(bind(schema, file, LabelUse::required)->role ==
          std::vector<std::int32_t>{0, 1, Binding::unused, Binding::unused,
                                    Binding::label});
  // By name the first one counts: to keep the second would mislead.
  REQUIRE(choice_error(file, {.label = "", .weight = "", .ignore = {"1", "4"}})
              .starts_with("columns 1 and 3 have the same name 'a'"));
  const auto other = chosen({.names = {"a", "y"}, .header = true});
  const FileColumns unused{.names = {"b", "a", "b", "y"}, .header = true};
  REQUIRE(bind(other, unused, LabelUse::required).ok());
  const FileColumns twice{.names = {"a", "a", "y"}, .header = true};
  REQUIRE(bind(other, twice, LabelUse::required).error().message ==
          "columns 1 and 2 have the same name 'a'\n"
          "hint: give them different names");
}

TEST_CASE("names from outside do not reach the terminal as they are",
          "[data]") {
  REQUIRE(choice_error({.names = {"a\x1b[2J", "y"}, .header = true},
                       {.label = "z", .weight = "", .ignore = {}}) ==
          "--label 'z': no such column\nhint: the columns are 'a?[2J', 'y'");
}

TEST_CASE("fields are bound by name, in any order", "[data]") {
  const auto schema =
      chosen(kNamed, {.label = "", .weight = "w", .ignore = {}});
  const FileColumns file{.names = {"Target", "new", "size", "age", "id", "w"},
                         .header = true};
  auto out = bind(schema, file, LabelUse::required);
  REQUIRE(out.ok());
  REQUIRE(out->role == std::vector<std::int32_t>{Binding::label,
                                                 Binding::unused, 2, 0, 1,
                                                 Binding::weight});
  auto unlabelled = bind(schema, file, LabelUse::ignored);
  REQUIRE(unlabelled->role[0] == Binding::unused);
}

TEST_CASE("a missing column is an error, a label that nobody needs is not",
          "[data]") {
  const auto schema = chosen(kNamed);
  auto feature = bind(schema, {.names = {"age", "id", "w"}, .header = true},
                      LabelUse::optional);
  REQUIRE(feature.error().message ==
          "no column 'size', a feature of the model\n"
          "hint: the columns are 'age', 'id', 'w'");
  const FileColumns bare{.names = {"age", "id", "w", "size"}, .header = true};
  REQUIRE(bind(schema, bare, LabelUse::optional).ok());
  REQUIRE(bind(schema, bare, LabelUse::required).error().message ==
          "no label column 'Target'\n"
          "hint: the columns are 'age', 'id', 'w', 'size'");
}

TEST_CASE("without a header fields are bound by place", "[data]") {
  const auto schema =
      chosen(kNumbered, {.label = "2", .weight = "", .ignore = {}});
  auto all = bind(schema, kNumbered, LabelUse::required);
  REQUIRE(all->role == std::vector<std::int32_t>{0, Binding::label, 1});
  auto features =
      bind(schema, {.names = numbered(2), .header = false}, LabelUse::optional);
  REQUIRE(features->role == std::vector<std::int32_t>{0, 1});
  auto wrong =
      bind(schema, {.names = numbered(4), .header = false}, LabelUse::optional);
  REQUIRE(wrong.error().message ==
          "the rows have 4 fields and no header; the model has 2 features or "
          "all 3\nhint: --header if line 1 names the columns");
}

TEST_CASE("without a header and without ignored columns, place counts",
          "[data]") {
  const FileColumns file{.names = numbered(12), .header = false};
  const auto schema =
      chosen(file, {.label = "10", .weight = "2", .ignore = {"1", "11"}});
  // As psdata cat writes them: 2 (weight), 3 to 9, 10 (label), 12.
  auto out = bind(schema, {.names = numbered(10), .header = false},
                  LabelUse::required);
  REQUIRE(out->role == std::vector<std::int32_t>{Binding::weight, 0, 1, 2, 3, 4,
                                                 5, 6, Binding::label, 7});
}

TEST_CASE("a header is known by the schema's names", "[data]") {
  const auto schema = chosen(kNamed);
  REQUIRE(names_columns(schema, {"x", "age"}));
  REQUIRE_FALSE(names_columns(schema, {"1", "2"}));
  auto unnamed = schema;
  unnamed.columns.push_back({.name = "6"});
  REQUIRE_FALSE(names_columns(unnamed, {"1", "6"}));
  unnamed.columns = {{.name = "2019"}, {.name = "2020"}};
  REQUIRE(names_columns(unnamed, {"2020", "2019", "y"}));
  REQUIRE_FALSE(names_columns(unnamed, {"2019", "1", "0"}));
}

TEST_CASE("fields that may be the raw ones are not taken for stored ones",
          "[data]") {
  Schema schema;
  schema.format = Format::csv;
  schema.columns = {{"2", 0, 1}, {"3", 0, 1}};
  schema.label = "4";
  schema.ignored = {"1"};
  const FileColumns three{.names = numbered(3), .header = false};
  // id, a, b without the label, or a, b and the label?
  auto unlabelled = bind(schema, three, LabelUse::ignored);
  REQUIRE_FALSE(unlabelled.ok());
  REQUIRE(unlabelled.error().message.find("no header") != std::string::npos);
  REQUIRE(bind(schema, three, LabelUse::required).ok());
}

TEST_CASE("one column cannot be both label and weight", "[data]") {
  Schema schema;
  schema.format = Format::csv;
  schema.header = true;
  schema.columns = {{"a", 0, 1}};
  schema.label = schema.weight = "y";
  const FileColumns file{.names = {"a", "y"}, .header = true};
  REQUIRE_FALSE(bind(schema, file, LabelUse::required).ok());
}

}  // namespace psmith::data
