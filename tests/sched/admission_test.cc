#include "sched/admission.h"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/sched/support.h"

namespace psmith::sched {
namespace {

using test::spec;
using test::World;

TEST_CASE("a spec that makes sense is admitted", "[sched]") {
  REQUIRE(admit(spec()).ok());
  auto import = spec();
  import.kind = "import";
  import.train = {};
  REQUIRE(admit(import).ok());
  import.group_blocks = 0;  // a lane would divide by it
  REQUIRE_FALSE(admit(import).ok());
  import.group_blocks = 1;
  import.eval = spec().train;
  REQUIRE_FALSE(admit(import).ok());
}

TEST_CASE("a spec that makes no sense is refused with the reason", "[sched]") {
  auto bad = spec();
  SECTION("kind") { bad.kind = "dance"; }
  SECTION("shards") { bad.train.shards = {1, 2, 3}; }
  SECTION("no rows") { bad.train.shape.shard_rows = {0}; }
  SECTION("blocks") { bad.train.shape.block_rows = 0; }
  SECTION("groups") { bad.group_blocks = 0; }
  SECTION("large groups") { bad.group_blocks = ~std::uint32_t{0}; }
  SECTION("blocks of a shard") {
    bad.train.shape.shard_rows = {std::uint64_t{1} << 40};
    bad.train.shape.block_rows = 1;
    bad.group_blocks = 1U << 20;
  }
  SECTION("labels of no class") { bad.classes = {0, 1}; }
  SECTION("label scale") { bad.model.label_scale = 0; }
  SECTION("label mean") {
    bad.model.label_mean = std::numeric_limits<double>::infinity();
  }
  SECTION("no labels") { bad.model.kind = model::Kind::logistic; }
  SECTION("labels out of order") {
    bad.model.kind = model::Kind::logistic;
    bad.classes = {1, 0};
  }
  SECTION("a label that is no number") {
    bad.model.kind = model::Kind::logistic;
    bad.classes = {0, std::numeric_limits<float>::quiet_NaN()};
  }
  SECTION("rows") { bad.train.shape.shard_rows = {~std::uint64_t{0}}; }
  SECTION("steps") {
    bad.train.shape.shard_rows = {std::uint64_t{1} << 40};
    bad.train.shape.block_rows = 1;
  }
  SECTION("no epochs") { bad.epochs = 0; }
  SECTION("epochs") { bad.epochs = ~std::uint64_t{0}; }
  SECTION("evaluation data") { bad.eval.shards = {1}; }
  SECTION("folder") { bad.train.folder = "a\nb"; }
  SECTION("classes") { bad.model.kind = model::Kind::softmax; }
  SECTION("size") {
    bad.model.dense = true;
    bad.model.column_count = ~std::uint64_t{0};
  }
  SECTION("rate") { bad.optimizer.rate = -1; }
  SECTION("name") { bad.name.assign(10000, 'x'); }
  SECTION("name of two lines") { bad.name = "a\nb"; }
  SECTION("header") { bad.model_header.assign(17U << 20, 'x'); }
  SECTION("no number") {
    bad.min_delta = std::numeric_limits<double>::quiet_NaN();
  }
  auto status = admit(bad);
  REQUIRE_FALSE(status.ok());
  REQUIRE(status.error().code == Code::invalid);
  REQUIRE_FALSE(status.error().message.empty());

  World world;
  world.say(100, wire::Submit{bad, 0});
  REQUIRE(world.last<wire::Refused>(100)->code == "invalid");
  REQUIRE(world.last<wire::Refused>(100)->text == status.error().message);
}

}  // namespace
}  // namespace psmith::sched
