#include "node/lane_file.h"

#include <catch2/catch.hpp>

#include "base/digest.h"
#include "base/path.h"
#include "file/safetensors.h"
#include "tests/support/temp_dir.h"

namespace psmith::node {

TEST_CASE("a checkpoint file holds ranges and slots and its digest is right",
          "[node]") {
  support::TempDir dir;
  wire::JobRecord record;
  record.job = JobId(3);
  record.lanes = {{.lane = 7, .node = NodeId(1), .address = "a"}};
  record.spec.name = "ctr";
  record.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = 2};
  record.spec.optimizer.rule = optim::Rule::ftrl;
  record.spec.train.shape = {.shard_rows = {4}, .block_rows = 1};
  record.spec.checkpoint_folder = dir.path().string();
  const store::Lane lane(record, 0, Instant{}, {});
  const auto written = write_lane_file(lane, 0).value(1);
  REQUIRE(written.file == "ctr-3/v00000000/lane-7.safetensors");
  const auto path = dir.path() / written.file;
  REQUIRE(sha256_file(path).value(1) == written.sha256);
  const auto bytes = map_file(path).value(1);
  REQUIRE(bytes.size() == written.bytes);
  const auto tensors = file::SafeTensors::parse(bytes).value(1);
  REQUIRE(tensors.metadata().at("lane") == "7");
  REQUIRE(tensors.copy<float>("t.weight.0-2").value(1).size() == 2);
  REQUIRE(tensors.copy<float>("t.weight.0-2.slot1").value(1).size() == 2);
  REQUIRE(tensors.copy<float>("t.bias.0-1").value(1).size() == 1);
}

TEST_CASE("a folder that cannot be made is an error", "[node]") {
  support::TempDir dir;
  REQUIRE(write_file(dir.path() / "file", as_bytes("x")).ok());
  wire::JobRecord record;
  record.lanes = {{.lane = 1, .node = NodeId(1), .address = "a"}};
  record.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = 2};
  record.spec.checkpoint_folder = (dir.path() / "file").string();
  const store::Lane lane(record, 0, Instant{}, {});
  REQUIRE_FALSE(write_lane_file(lane, 0).ok());
}

}  // namespace psmith::node
