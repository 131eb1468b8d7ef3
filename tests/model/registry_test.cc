#include <catch2/catch.hpp>

#include "model/model.h"

using namespace psmith;
using namespace psmith::model;

TEST_CASE("models have names, both ways", "[model]") {
  for (const auto kind : {Kind::linear, Kind::logistic, Kind::softmax}) {
    REQUIRE(*kind_of(name_of(kind)) == kind);
  }
  auto unknown = kind_of("forest");
  REQUIRE_FALSE(unknown);
  REQUIRE(unknown.error().message.find("linear, logistic, softmax") !=
          std::string::npos);
}

TEST_CASE("a model's tensors and tables follow its settings", "[model]") {
  const auto dense = make_model({Kind::softmax, true, 10, 3}).value(1);
  REQUIRE(dense->tensors().size() == 2);
  REQUIRE(dense->tensors()[0].name == "weight");
  REQUIRE(dense->tensors()[0].row_count == 3);
  REQUIRE(dense->tensors()[0].column_count == 10);
  REQUIRE(dense->tensors()[1].name == "bias");
  REQUIRE(dense->tensors()[1].size() == 3);
  REQUIRE(dense->tables().empty());
  const auto sparse = make_model({Kind::logistic, false, 0, 0}).value(1);
  REQUIRE(sparse->tensors().size() == 1);
  REQUIRE(sparse->tensors()[0].name == "bias");
  REQUIRE(sparse->tables().size() == 1);
  REQUIRE(sparse->tables()[0].width == 1);
}

TEST_CASE("settings that make no model are refused", "[model]") {
  REQUIRE_FALSE(make_model({Kind::softmax, true, 10, 1}));
  REQUIRE_FALSE(make_model({Kind::softmax, false, 0, 0}));
  REQUIRE_FALSE(make_model({Kind::softmax, false, 0, 0xffffffff}));
  REQUIRE_FALSE(make_model({Kind::linear, true, 0, 0}));
  REQUIRE_FALSE(make_model({Kind::linear, true, std::uint64_t{1} << 50, 0}));
  REQUIRE_FALSE(make_model({static_cast<Kind>(7), true, 3, 0}));
  REQUIRE(make_model({Kind::softmax, true, 1000, 10000}));
}
