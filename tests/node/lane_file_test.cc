#include "node/lane_file.h"

#include <catch2/catch.hpp>
#include <memory>

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
  const auto written = write_lane_file(copy_lane(lane, 0)).value(1);
  REQUIRE(written.file == "ctr-3/v00000000-r0/lane-7.safetensors");
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
  REQUIRE_FALSE(write_lane_file(copy_lane(lane, 0)).ok());
}

TEST_CASE("a job's name stays one folder, and each recovery has its own",
          "[node]") {
  wire::JobRecord record;
  record.job = JobId(3);
  record.recovery = 2;
  record.lanes = {{.lane = 1, .node = NodeId(1), .address = "a"}};
  record.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = 2};
  const auto file_of = [&](const std::string& name) {
    record.spec.name = name;
    return copy_lane(store::Lane(record, 0, Instant{}, {}), 0).file;
  };
  const std::string rest = "-3/v00000000-r2/lane-1.safetensors";
  REQUIRE(file_of("") == "job" + rest);
  REQUIRE(file_of("../x") == "_._x" + rest);
  REQUIRE(file_of("..") == "_." + rest);
  REQUIRE(file_of("/etc/a b") == "_etc_a_b" + rest);
  REQUIRE(file_of("A-b_1.2") == "A-b_1.2" + rest);
  REQUIRE(file_of(std::string(1000, 'x')) == std::string(100, 'x') + rest);
}

TEST_CASE("a copy stays as it was while the lane goes on", "[node]") {
  support::TempDir dir;
  wire::JobRecord record;
  record.lanes = {{.lane = 1, .node = NodeId(1), .address = "a"}};
  record.spec.kind = "import";
  record.spec.model = {.kind = model::Kind::linear};
  record.spec.checkpoint_folder = dir.path().string();
  auto lane = std::make_unique<store::Lane>(record, 0, Instant{},
                                            store::Lane::Limits{});
  const auto put = [&](float row, float bias) {
    store::LaneEffects effects;
    wire::Put rows;
    lane->on(PeerId(1),
             {rows,
              {Blob::of(std::vector<std::uint64_t>{5}),
               Blob::of(std::vector<float>{row})}},
             Instant{}, effects);
    wire::Put dense;
    dense.dense = true;
    dense.range_end = 1;
    lane->on(PeerId(1), {dense, {Blob::of(std::vector<float>{bias})}},
             Instant{}, effects);
  };
  put(1, 2);
  const auto copy = copy_lane(*lane, 0);
  put(3, 4);
  lane.reset();
  const auto written = write_lane_file(copy).value(1);
  const auto bytes = map_file(dir.path() / written.file).value(1);
  const auto tensors = file::SafeTensors::parse(bytes).value(1);
  REQUIRE(tensors.copy<float>("table.weight.weight").value(1).at(0) == 1);
  REQUIRE(tensors.copy<float>("t.bias.0-1").value(1).at(0) == 2);
}

}  // namespace psmith::node
