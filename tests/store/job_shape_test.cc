#include "store/job_shape.h"

#include <catch2/catch.hpp>

namespace psmith::store {

TEST_CASE("a record alone gives the placement and the schedule", "[store]") {
  wire::JobRecord record;
  record.lanes = {{.lane = 4, .node = NodeId(1), .address = "a"},
                  {.lane = 7, .node = NodeId(2), .address = "b"}};
  record.spec.model = {.kind = model::Kind::softmax,
                       .dense = true,
                       .column_count = 30000,
                       .class_count = 10};
  record.spec.train.shape = {.shard_rows = {10, 20}, .block_rows = 5};
  record.spec.group_blocks = 3;
  record.spec.epochs = 2;
  record.spec.step_max = 5;
  record.spec.seed = 9;
  const auto model = model::make_model(record.spec.model).value(1);
  const auto placement = placement_of(record, *model);
  REQUIRE(placement.lane_count() == 2);
  std::size_t held = 0;
  for (std::size_t lane = 0; lane < 2; ++lane) {
    for (const auto& range : placement.ranges(lane)) held += range.size();
  }
  REQUIRE(held == 300010);
  const auto settings = schedule_of(record.spec);
  REQUIRE(settings.group_blocks == 3);
  REQUIRE(settings.step_max == 5);
  REQUIRE(settings.seed == 9);
  placement::Schedule schedule(settings);
  REQUIRE(schedule.step_count() == 5);
}

}  // namespace psmith::store
