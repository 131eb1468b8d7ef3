#include "node/lane_room.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <vector>

#include "tests/support/temp_dir.h"

namespace psmith::node {
namespace {

wire::JobRecord dense_record(std::uint64_t columns) {
  wire::JobRecord r;
  r.job = JobId(1);
  r.lanes = {{.lane = 1, .node = NodeId(1), .address = "a"},
             {.lane = 2, .node = NodeId(1), .address = "b"}};
  r.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = columns};
  r.spec.optimizer = {.rule = optim::Rule::dog};
  return r;
}

const std::vector<std::size_t> kBoth{0, 1};

}  // namespace

TEST_CASE("a lane's memory is that of its ranges, over all lanes the model's",
          "[node]") {
  const auto r = dense_record(1'000'000);
  // 10^6 weights and a bias, in floats: two versions, a sum and three slots.
  REQUIRE(dense_bytes(r, kBoth) == 1'000'001ULL * 4 * 6);
  const std::vector<std::size_t> first{0}, second{1};
  REQUIRE(dense_bytes(r, first) + dense_bytes(r, second) ==
          dense_bytes(r, kBoth));
}

TEST_CASE("a model larger than the memory is refused before it is made",
          "[node]") {
  REQUIRE(has_room(dense_record(1000), kBoth).ok());
  auto large = has_room(dense_record(std::uint64_t{1} << 36), kBoth);
  REQUIRE_FALSE(large.ok());
  REQUIRE(large.error().code == Code::exhausted);
}

TEST_CASE("a checkpoint folder must be there", "[node]") {
  const support::TempDir dir;
  auto r = dense_record(10);
  r.spec.checkpoint_folder = dir.path().string();
  REQUIRE(has_room(r, kBoth).ok());
  r.spec.checkpoint_folder = (dir.path() / "no" / "such").string();
  auto missing = has_room(r, kBoth);
  REQUIRE_FALSE(missing.ok());
  REQUIRE(missing.error().code == Code::conflict);
  REQUIRE_FALSE(std::filesystem::exists(dir.path() / "no"));
}

}  // namespace psmith::node
