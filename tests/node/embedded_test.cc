#include "node/embedded.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "client/master_client.h"
#include "client/params_client.h"
#include "tests/support/cluster_data.h"
#include "tests/support/temp_dir.h"

namespace psmith::node {
namespace {

using namespace std::chrono_literals;

struct Trained {
  client::Weights weights;
  wire::JobInfo info;
};

// Trains to the end on an embedded cluster and reads the weights back.
Trained train(const wire::JobSpec& spec, EmbeddedOptions shape) {
  Embedded cluster(shape);
  auto client = client::MasterClient::connect(
                    cluster.context(), {.address = cluster.master_address()})
                    .value(69);
  const auto job = client.submit(spec).value(1);
  REQUIRE(client.follow(0, job).ok());
  wire::JobInfo info;
  for (int wait = 0; wait < 600; ++wait) {
    REQUIRE(client.next_events(100ms).ok());
    info = client.job(job).value(1);
    if (info.state >= wire::JobState::done) break;
  }
  INFO(info.reason << cluster.fault());
  REQUIRE(info.state == wire::JobState::done);
  return {client::fetch_weights(cluster.context(), info).value(1), info};
}

bool same_bits(const client::Weights& a, const client::Weights& b) {
  return a.key == b.key && a.table.size() == b.table.size() &&
         std::memcmp(a.table.data(), b.table.data(),
                     a.table.size() * sizeof(float)) == 0 &&
         a.dense == b.dense;
}

}  // namespace

TEST_CASE("any number of workers, servers and lanes gives the same bits",
          "[node]") {
  support::TempDir dir;
  const auto folder = dir.path() / "data";
  const auto manifest = support::write_sparse_data(folder);
  auto spec = support::sparse_job(folder, manifest);
  SECTION("to the end") {}
  SECTION("with early stopping") {
    spec.epochs = 30;
    spec.patience = 2;
  }
  const auto one = train(spec, {.workers = 1, .servers = 1, .lanes = 1});
  REQUIRE(one.weights.key.size() > 20);
  for (const auto shape :
       {EmbeddedOptions{3, 1, 2}, EmbeddedOptions{2, 2, 1}}) {
    const auto other = train(spec, shape);
    REQUIRE(same_bits(one.weights, other.weights));
    REQUIRE(other.info.best_version == one.info.best_version);
    REQUIRE(other.info.last.eval_sums == one.info.last.eval_sums);
  }
}

TEST_CASE("a job whose data is not there fails with the reason", "[node]") {
  support::TempDir dir;
  const auto folder = dir.path() / "data";
  const auto manifest = support::write_sparse_data(folder);
  auto spec = support::sparse_job(folder, manifest);
  spec.train.folder = (dir.path() / "nowhere").string();
  Embedded cluster({});
  auto client = client::MasterClient::connect(
                    cluster.context(), {.address = cluster.master_address()})
                    .value(69);
  const auto job = client.submit(spec).value(1);
  REQUIRE(client.follow(0, job).ok());
  wire::JobInfo info;
  for (int wait = 0; wait < 100; ++wait) {
    REQUIRE(client.next_events(100ms).ok());
    info = client.job(job).value(1);
    if (info.state >= wire::JobState::done) break;
  }
  REQUIRE(info.state == wire::JobState::failed);
  REQUIRE(info.status == 66);
  REQUIRE(info.reason.find("nowhere") != std::string::npos);
}

}  // namespace psmith::node
