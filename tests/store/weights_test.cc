#include "store/weights.h"

#include <catch2/catch.hpp>
#include <limits>

namespace psmith::store {
namespace {

struct WeightsFixture {
  std::unique_ptr<const model::Model> model =
      model::make_model({.kind = model::Kind::logistic, .dense = false})
          .value(1);
  std::vector<placement::Range> ranges{{0, 0, 1}};
  Weights weights{*model, {.rule = optim::Rule::sgd, .rate = 1}, ranges};
  std::shared_ptr<KnownList> list = std::make_shared<KnownList>();

  WeightsFixture() {
    list->mixed = {placement::mixed(5), placement::mixed(9)};
    std::sort(list->mixed.begin(), list->mixed.end());
    list->row.assign(2, Table::kNone);
  }

  void push(float bias, float first, float second) {
    Sum sum;
    sum.dense = {{bias}};
    sum.table = {{1, list, {first, second}}};
    weights.apply(sum, 1.0, 1.0F);
  }
  std::vector<float> read(std::uint64_t version) {
    return weights.rows(0, *list, version);
  }
};

}  // namespace

TEST_CASE("a pull creates no row and reads zeros", "[store]") {
  WeightsFixture f;
  REQUIRE(f.read(0) == std::vector<float>{0, 0});
  REQUIRE(f.weights.table(0).size() == 0);
}

TEST_CASE("the version before is kept until it is dropped", "[store]") {
  WeightsFixture f;
  f.push(1, 2, 3);
  REQUIRE(f.read(1) == std::vector<float>{-2, -3});
  REQUIRE(f.read(0) == std::vector<float>{0, 0});
  const auto old = f.weights.dense(0, 0);
  f.push(1, 1, 1);
  REQUIRE(f.read(2) == std::vector<float>{-3, -4});
  REQUIRE(f.read(1) == std::vector<float>{-2, -3});
  REQUIRE_FALSE(f.weights.has(0));
  REQUIRE(old.values<float>() == std::vector<float>{0});  // a reader's copy
  REQUIRE(f.weights.dense(0, 1).values<float>() == std::vector<float>{-1});
  f.weights.drop_old();
  REQUIRE_FALSE(f.weights.has(1));
  REQUIRE(f.weights.has(2));
}

TEST_CASE("settled weights are the best ones, and all that is left",
          "[store]") {
  WeightsFixture f;
  f.push(1, 2, 3);
  f.weights.keep_best();
  f.push(1, 1, 1);
  REQUIRE(f.weights.finite());
  f.weights.settle();
  REQUIRE(f.read(2) == std::vector<float>{-2, -3});
  REQUIRE(f.weights.dense(0, 2).values<float>() == std::vector<float>{-1});
  REQUIRE_FALSE(f.weights.has(1));
}

TEST_CASE("weights that are not finite are found", "[store]") {
  WeightsFixture f;
  const float inf = std::numeric_limits<float>::infinity();
  SECTION("in a range") { f.push(inf, 0, 0); }
  SECTION("in a table") { f.push(0, 0, inf); }
  REQUIRE_FALSE(f.weights.finite());
}

TEST_CASE("an evaluation step changes the version and no weight", "[store]") {
  WeightsFixture f;
  f.push(1, 2, 3);
  f.weights.advance();
  REQUIRE(f.weights.version() == 2);
  REQUIRE(f.read(1) == f.read(2));
  f.weights.drop_old();
  f.push(1, 1, 1);
  REQUIRE(f.read(2) == std::vector<float>{-2, -3});
  REQUIRE(f.weights.dense(0, 3).values<float>() == std::vector<float>{-2});
}

TEST_CASE("the best snapshot comes back whole", "[store]") {
  WeightsFixture f;
  f.push(1, 2, 3);
  f.weights.keep_best();
  f.push(1, 1, 1);
  f.weights.restore_best();
  REQUIRE(f.read(2) == std::vector<float>{-2, -3});
  REQUIRE(f.weights.dense(0, 2).values<float>() == std::vector<float>{-1});
}

TEST_CASE("rows of a bucket range come by key", "[store]") {
  WeightsFixture f;
  f.push(0, 2, 3);
  const auto all = f.weights.bucket_rows(0, 0, placement::kBucketCount);
  REQUIRE(all.key == std::vector<placement::Key>{5, 9});
  const auto bucket = placement::bucket_of(5);
  const auto one = f.weights.bucket_rows(0, bucket, bucket + 1);
  REQUIRE(one.key == std::vector<placement::Key>{5});
}

TEST_CASE("weights go on from a checkpoint with the same bits", "[store]") {
  WeightsFixture calm;
  calm.push(1, 2, 3);
  calm.weights.keep_best();
  calm.push(4, 5, 6);
  LaneState state;
  calm.weights.save(calm.ranges, state);
  REQUIRE(state.version == 2);
  REQUIRE(state.dense.at(0).best.values<float>() == std::vector<float>{-1});

  WeightsFixture other;
  REQUIRE(other.weights.restore_range(0, state.dense[0]).ok());
  const auto all = [](placement::Key) { return true; };
  REQUIRE(other.weights.restore_rows(0, state.table[0], all).ok());
  other.weights.begin_at(2, true);
  REQUIRE(other.read(2) == calm.read(2));
  calm.push(7, 8, 9);
  other.push(7, 8, 9);
  REQUIRE(other.read(3) == calm.read(3));
  REQUIRE(other.weights.dense(0, 3).values<float>() ==
          calm.weights.dense(0, 3).values<float>());
  calm.weights.restore_best();
  other.weights.restore_best();
  REQUIRE(other.read(3) == calm.read(3));

  SECTION("a key twice is refused") {
    auto again = other.weights.restore_rows(0, state.table[0], all);
    REQUIRE_FALSE(again.ok());
    REQUIRE(again.error().code == Code::corrupt);
  }
  SECTION("sizes that do not fit are refused") {
    WeightsFixture third;
    state.dense[0].weight = {};
    REQUIRE_FALSE(third.weights.restore_range(0, state.dense[0]).ok());
    state.table[0].weight = {};
    REQUIRE_FALSE(third.weights.restore_rows(0, state.table[0], all).ok());
  }
  SECTION("other lanes' rows are left to them") {
    WeightsFixture third;
    const auto five = [](placement::Key key) { return key == 5; };
    REQUIRE(third.weights.restore_rows(0, state.table[0], five).ok());
    REQUIRE(third.weights.table(0).size() == 1);
  }
}

}  // namespace psmith::store
