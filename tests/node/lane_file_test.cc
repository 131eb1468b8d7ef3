#include "node/lane_file.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
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
  const auto written = write_lane_file(copy_lane(lane)).value(1);
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
  REQUIRE_FALSE(write_lane_file(copy_lane(lane)).ok());
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
    return copy_lane(store::Lane(record, 0, Instant{}, {})).file;
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
  const auto copy = copy_lane(*lane);
  put(3, 4);
  lane.reset();
  const auto written = write_lane_file(copy).value(1);
  const auto bytes = map_file(dir.path() / written.file).value(1);
  const auto tensors = file::SafeTensors::parse(bytes).value(1);
  REQUIRE(tensors.copy<float>("table.weight.weight").value(1).at(0) == 1);
  REQUIRE(tensors.copy<float>("t.bias.0-1").value(1).at(0) == 2);
}

TEST_CASE("what a checkpoint file was written from can be read", "[node]") {
  support::TempDir dir;
  wire::JobRecord record;
  record.lanes = {{.lane = 1, .node = NodeId(1), .address = "a"}};
  record.spec.kind = "import";
  record.spec.model = {.kind = model::Kind::linear};
  record.spec.optimizer.rule = optim::Rule::ftrl;
  record.spec.checkpoint_folder = dir.path().string();
  store::Lane lane(record, 0, Instant{}, store::Lane::Limits{});
  store::LaneEffects effects;
  lane.on(PeerId(1),
          {wire::Put{},
           {Blob::of(std::vector<std::uint64_t>{5, 70}),
            Blob::of(std::vector<float>{1.5F, -2})}},
          Instant{}, effects);
  const auto before = lane.state();
  const auto copy = copy_lane(lane);
  const auto written = write_lane_file(copy).value(1);
  const wire::CheckpointFile file{written.file, written.sha256, written.bytes};
  const auto model = model::make_model(record.spec.model).value(1);
  const auto folder = dir.path().string();
  const auto state = read_lane_file(folder, file, *model).value(1);
  REQUIRE(state.version == before.version);
  REQUIRE(state.total.value == before.total.value);
  REQUIRE(state.dense.size() == before.dense.size());
  REQUIRE(state.dense[0].range.end == before.dense[0].range.end);
  REQUIRE(state.dense[0].slot.size() == 2);
  const auto& rows = state.table.at(0);
  REQUIRE(rows.key.values<std::uint64_t>() ==
          std::vector<std::uint64_t>{5, 70});
  REQUIRE(rows.weight.values<float>() == std::vector<float>{1.5F, -2});
  REQUIRE(rows.slot.size() == 2);

  SECTION("not if a byte is another") {
    auto path = dir.path() / written.file;
    std::fstream change(path, std::ios::in | std::ios::out | std::ios::binary);
    change.seekp(-1, std::ios::end);
    change.put('x');
    change.close();
    auto damaged = read_lane_file(folder, file, *model);
    REQUIRE_FALSE(damaged.ok());
    REQUIRE(damaged.error().message.find("its digest is another") !=
            std::string::npos);
  }
  SECTION("not if it is gone") {
    std::filesystem::remove(dir.path() / written.file);
    REQUIRE_FALSE(read_lane_file(folder, file, *model).ok());
  }
}

TEST_CASE("evaluations and infinities come back from metadata", "[node]") {
  file::Metadata metadata;
  store::LaneState full;
  full.has_best = full.evaluated = true;
  full.best_loss = std::numeric_limits<double>::infinity();
  full.best_version = 7;
  full.stale_evals = 2;
  full.total.value = {1e300, 0.1, 3, -0.0, 5};
  full.eval_sums.value = {0.1, 0.2, 0.3, 0.4, 0.5};
  full.eval_auc = 2.0 / 3;
  describe(full, metadata);
  store::LaneState back;
  REQUIRE(read_description(metadata, back).ok());
  REQUIRE(back.best_loss == full.best_loss);
  REQUIRE(back.best_version == 7);
  REQUIRE(back.stale_evals == 2);
  REQUIRE(back.total.value == full.total.value);
  REQUIRE(back.eval_sums.value == full.eval_sums.value);
  REQUIRE(back.eval_auc == full.eval_auc);
  metadata["total"] = "0x1p+0 nonsense";
  REQUIRE_FALSE(read_description(metadata, back).ok());
}

}  // namespace psmith::node
