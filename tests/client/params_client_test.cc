#include "client/params_client.h"

#include <catch2/catch.hpp>
#include <map>
#include <mutex>

#include "placement/placement.h"
#include "tests/client/scripted_peer.h"

namespace psmith::client {
namespace {

// One lane in memory: the dense ranges and table rows that it holds.
struct FakeLane {
  std::vector<std::vector<float>> ranges;
  std::map<std::uint64_t, std::vector<float>> rows;
  std::size_t largest_blob_count = 0;
  bool ended = true, stale = false, short_blob = false;
  int ignored = 0;                  // requests that get no answer in time
  std::vector<wire::Message> late;  // their answers, given with the next one
};

wire::Message answer_fetch(FakeLane& lane, const wire::Fetch& fetch) {
  wire::FetchOk ok{.job = fetch.job, .seq = fetch.seq, .version = 1};
  std::vector<Blob> blobs;
  if (fetch.dense) {
    for (auto i = fetch.range_begin; i < fetch.range_end; ++i) {
      blobs.push_back(Blob::of(lane.ranges.at(i)));
    }
  } else {
    std::vector<std::uint64_t> key;
    std::vector<float> value;
    for (const auto& [k, row] : lane.rows) {
      const auto bucket = placement::bucket_of(k);
      if (bucket < fetch.bucket_begin || bucket >= fetch.bucket_end) continue;
      key.push_back(k);
      value.insert(value.end(), row.begin(), row.end());
    }
    if (lane.short_blob && !value.empty()) value.pop_back();
    blobs = {Blob::of(std::move(key)), Blob::of(std::move(value))};
  }
  lane.largest_blob_count = std::max(lane.largest_blob_count, blobs.size());
  return {ok, std::move(blobs)};
}

wire::Message answer_put(FakeLane& lane, const wire::Put& put,
                         const std::vector<Blob>& blobs, std::size_t width) {
  if (put.dense) {
    for (auto i = put.range_begin; i < put.range_end; ++i) {
      lane.ranges.at(i) = blobs.at(i - put.range_begin).values<float>();
    }
  } else if (!blobs.empty()) {
    const auto key = blobs.at(0).values<std::uint64_t>();
    const auto value = blobs.at(1).values<float>();
    for (std::size_t i = 0; i < key.size(); ++i) {
      lane.rows[key[i]].assign(
          value.begin() + static_cast<long>(i * width),
          value.begin() + static_cast<long>((i + 1) * width));
    }
  }
  lane.ended = lane.ended || put.last;
  return {wire::PutOk{.job = put.job, .seq = put.seq}, {}};
}

// Lanes over tcp that hold one model.
class Cluster {
 public:
  Cluster(model::Settings settings, std::size_t lanes)
      : model_(std::move(model::make_model(settings)).value(1)), lanes_(lanes) {
    info_.job = JobId(5);
    info_.recovery = 1;
    info_.placement = 4;
    info_.spec.model = settings;
    std::vector<std::size_t> sizes;
    for (const auto& tensor : model_->tensors()) sizes.push_back(tensor.size());
    std::vector<std::uint64_t> numbers;
    for (std::size_t i = 0; i < lanes; ++i) numbers.push_back(10 + i);
    placement_.emplace(numbers, sizes, model_->tables().size());
    for (std::size_t i = 0; i < lanes; ++i) {
      for (const auto& range : placement_->ranges(i)) {
        lanes_[i].ranges.emplace_back(range.size());
      }
      peers_.push_back(std::make_unique<ScriptedPeer>(
          context, [this, i](wire::Message& m) { return answer(i, m); }));
      info_.lanes.push_back({numbers[i], NodeId(1), peers_.back()->address()});
    }
  }

  std::size_t width() const {
    return model_->tables().empty() ? 0 : model_->tables()[0].width;
  }
  const wire::JobInfo& info() const { return info_; }
  FakeLane& lane(std::size_t i) { return lanes_[i]; }
  // While its peer may be answering.
  void ignore(std::size_t i, int count) {
    const std::lock_guard lock(mutex_);
    lanes_[i].ignored = count;
  }
  std::size_t late_count(std::size_t i) {
    const std::lock_guard lock(mutex_);
    return lanes_[i].late.size();
  }
  void hold(std::uint64_t key, std::vector<float> row) {
    lanes_[placement_->lane_of(0, key)].rows[key] = std::move(row);
  }

  net::Context context;

 private:
  std::vector<wire::Message> answer(std::size_t i, wire::Message& message) {
    const std::lock_guard lock(mutex_);
    auto& lane = lanes_[i];
    std::vector<wire::Message> out;
    if (lane.stale) {
      wire::Refused no;
      no.code = "stale_view";
      no.text = "another placement";
      out.push_back({no, {}});
    } else if (const auto* fetch = std::get_if<wire::Fetch>(&message.body)) {
      out.push_back(answer_fetch(lane, *fetch));
    } else if (const auto* put = std::get_if<wire::Put>(&message.body)) {
      out.push_back(answer_put(lane, *put, message.blobs, width()));
    }
    if (lane.ignored > 0) {
      --lane.ignored;
      lane.late.insert(lane.late.end(), out.begin(), out.end());
      return {};
    }
    out.insert(out.begin(), lane.late.begin(), lane.late.end());
    lane.late.clear();
    return out;
  }

  std::mutex mutex_;
  std::unique_ptr<const model::Model> model_;
  std::vector<FakeLane> lanes_;
  std::optional<placement::Placement> placement_;
  wire::JobInfo info_;
  std::vector<std::unique_ptr<ScriptedPeer>> peers_;
};

model::Settings dense_settings() {
  model::Settings out;
  out.kind = model::Kind::softmax;
  out.dense = true;
  out.column_count = 50000;  // 3 x 50000 floats: three ranges
  out.class_count = 3;
  return out;
}

model::Settings sparse_settings() {
  model::Settings out;
  out.kind = model::Kind::softmax;
  out.class_count = 2;
  return out;
}

}  // namespace

TEST_CASE("dense weights come back in their places from any lanes",
          "[client]") {
  for (const std::size_t lanes : {1, 2, 3}) {
    Cluster cluster(dense_settings(), lanes);
    Weights put;
    for (const std::size_t size : {150000, 3}) {
      auto& tensor = put.dense.emplace_back(size);
      for (std::size_t i = 0; i < size; ++i) {
        tensor[i] = static_cast<float>(i + size);
      }
    }
    REQUIRE(put_weights(cluster.context, cluster.info(), put).ok());
    for (std::size_t i = 0; i < lanes; ++i) REQUIRE(cluster.lane(i).ended);
    auto got = fetch_weights(cluster.context, cluster.info());
    REQUIRE(got.ok());
    REQUIRE(got->dense == put.dense);
    REQUIRE(got->key.empty());
  }
}

TEST_CASE("table rows come back by key, without rows of zeros", "[client]") {
  Cluster cluster(sparse_settings(), 3);
  Weights put;
  put.dense = {{0.5F, -0.5F}};
  for (std::uint64_t key = 1; key <= 1000; ++key) {
    put.key.push_back(key * key);
    put.table.push_back(static_cast<float>(key));
    put.table.push_back(-1.0F);
  }
  REQUIRE(put_weights(cluster.context, cluster.info(), put).ok());
  cluster.hold(7, {0.0F, 0.0F});
  cluster.hold(8, {0.0F, -0.0F});
  auto got = fetch_weights(cluster.context, cluster.info());
  REQUIRE(got.ok());
  REQUIRE(got->dense == put.dense);
  REQUIRE(got->key == put.key);
  REQUIRE(got->table == put.table);
}

TEST_CASE("a lane at another placement ends the fetch", "[client]") {
  Cluster cluster(sparse_settings(), 2);
  cluster.lane(1).stale = true;
  auto got = fetch_weights(cluster.context, cluster.info());
  REQUIRE_FALSE(got.ok());
  REQUIRE(got.error().message.find("another placement") != std::string::npos);
}

TEST_CASE("weights of the wrong shape are refused, both ways", "[client]") {
  Cluster cluster(sparse_settings(), 1);
  SECTION("from a lane") {
    cluster.lane(0).short_blob = true;
    cluster.hold(3, {1.0F, 2.0F});
    auto got = fetch_weights(cluster.context, cluster.info());
    REQUIRE_FALSE(got.ok());
    REQUIRE(got.error().code == Code::corrupt);
  }
  SECTION("to a lane") {
    Weights weights;
    weights.dense = {{1.0F}};
    auto put = put_weights(cluster.context, cluster.info(), weights);
    REQUIRE_FALSE(put.ok());
    REQUIRE(put.error().code == Code::invalid);
  }
}

TEST_CASE("a lane that does not answer is asked again", "[client]") {
  Cluster cluster(sparse_settings(), 1);
  Weights put;
  put.dense = {{0.5F, -0.5F}};
  put.key = {7};
  put.table = {1, 2};
  const ParamsOptions options{.timeout = std::chrono::milliseconds(100)};
  SECTION("and its late answers count for nothing") {
    cluster.ignore(0, 2);
    REQUIRE(put_weights(cluster.context, cluster.info(), put, options).ok());
    cluster.ignore(0, 2);
    auto got = fetch_weights(cluster.context, cluster.info(), options);
    REQUIRE(got.ok());
    REQUIRE(got->dense == put.dense);
    REQUIRE(got->table == put.table);
  }
  SECTION("but not without end") {
    cluster.ignore(0, 1000);
    auto got = fetch_weights(cluster.context, cluster.info(), options);
    REQUIRE_FALSE(got.ok());
    REQUIRE(got.error().code == Code::unavailable);
    REQUIRE_THAT(got.error().message, Catch::Contains("lane 10"));
    REQUIRE(cluster.late_count(0) == 3);
  }
}

TEST_CASE("a lane's address that is none is an error", "[client]") {
  Cluster cluster(sparse_settings(), 1);
  auto info = cluster.info();
  info.lanes[0].address = "nonsense";
  auto got = fetch_weights(cluster.context, info);
  REQUIRE_FALSE(got.ok());
  REQUIRE(got.error().code == Code::unavailable);
  REQUIRE_THAT(got.error().message, Catch::Contains("nonsense"));
}

TEST_CASE("a job that is on no lane has no weights", "[client]") {
  net::Context context;
  wire::JobInfo info;
  REQUIRE_FALSE(fetch_weights(context, info).ok());
}

}  // namespace psmith::client
