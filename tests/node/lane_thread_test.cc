#include "node/lane_thread.h"

#include <catch2/catch.hpp>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "net/requester.h"
#include "tests/support/no_memory.h"
#include "wire/codec.h"

namespace psmith::node {
namespace {

using namespace std::chrono_literals;

wire::JobRecord import_of(std::uint64_t job, const std::string& lead) {
  wire::JobRecord record;
  record.job = JobId(job);
  record.lanes = {{.lane = 1, .node = NodeId(1), .address = lead}};
  record.spec.kind = "import";
  record.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = 60000};
  record.spec.train.shape = {.shard_rows = {4}, .block_rows = 1};
  return record;
}

// A lane, what it tells the master, and a client of it.
struct RunningLane {
  RunningLane()
      : lane(
            context, "inproc://lane", {},
            [this](wire::Body body) {
              const std::lock_guard lock(mutex);
              said.push_back(std::move(body));
            },
            [this](const Failure& why) {
              const std::lock_guard lock(mutex);
              fault = why.what();
            }),
        client(context, {.address = lane.endpoint(), .who = "lane"}) {
    lane.start();
    REQUIRE(client.connect(5s).ok());
  }

  Status start(wire::JobRecord record, std::size_t index) {
    std::promise<Status> done;
    auto status = done.get_future();
    lane.start_job(std::move(record), index,
                   [&](Status s) { done.set_value(std::move(s)); });
    return status.get();
  }

  wire::Body ask(wire::Body body, std::vector<Blob> blobs = {}) {
    auto answer = client.request({std::move(body), std::move(blobs)}, 5s);
    REQUIRE(answer);
    return answer->body;
  }

  // The name of what a lane says to an empty write into this job.
  std::string put(std::uint64_t job) {
    wire::Put put;
    put.job = JobId(job);
    return std::string(wire::name_of(ask(put)));
  }

  net::Context context;
  std::mutex mutex;
  std::vector<wire::Body> said;
  std::string fault;
  LaneThread lane;
  net::Requester client;
};

TEST_CASE("a lead whose address is none is an error, not the end", "[node]") {
  RunningLane running;
  auto record = import_of(1, "nonsense");
  record.lanes.push_back(
      {.lane = 2, .node = NodeId(2), .address = running.lane.endpoint()});
  auto status = running.start(record, 1);
  REQUIRE_FALSE(status);
  REQUIRE_THAT(status.error().message, Catch::Contains("bad address"));
  REQUIRE(running.put(1) == "Refused");
  REQUIRE(running.start(import_of(2, running.lane.endpoint()), 0));
  REQUIRE(running.put(2) == "PutOk");
}

TEST_CASE("a lane refuses what is not for it, and answers no refusal",
          "[node]") {
  RunningLane running;
  const auto nodes = running.ask(wire::Nodes{});
  REQUIRE(std::get<wire::Refused>(nodes).code == "bad_message");
  const auto cancel = running.ask(wire::Cancel{.job = JobId(3)});
  REQUIRE(std::get<wire::Refused>(cancel).code == "bad_message");
  REQUIRE(std::get<wire::Refused>(cancel).job == JobId(3));
  REQUIRE(running.client.send({wire::Refused(), {}}));
  // The first answer is that to the next message.
  const auto fetch = running.ask(wire::Fetch{.job = JobId(4), .seq = 9});
  REQUIRE(std::get<wire::Refused>(fetch).code == "unknown_job");
  REQUIRE(std::get<wire::Refused>(fetch).seq == 9);
}

TEST_CASE("a lane without memory for one job fails that job alone", "[node]") {
  if (!support::obeyed()) return;
  RunningLane running;
  for (const std::uint64_t job : {1, 2}) {
    REQUIRE(running.start(import_of(job, running.lane.endpoint()), 0));
  }
  wire::Put put;
  put.job = JobId(1);
  put.dense = true;
  put.range_end = 1;
  auto blob = Blob::of(std::vector<float>(60000));
  {
    const support::SmallMemory small(100000);
    REQUIRE(running.client.send({put, {std::move(blob)}}));
    // What comes next is answered once that is done.
    REQUIRE(running.put(2) == "PutOk");
  }
  REQUIRE(running.put(1) == "Refused");
  const std::lock_guard lock(running.mutex);
  REQUIRE(running.said.size() == 1);
  const auto& failed = std::get<wire::JobFailed>(running.said[0]);
  REQUIRE(failed.job == JobId(1));
  REQUIRE(failed.status == 1);
  REQUIRE_THAT(failed.reason, Catch::Contains("too little memory"));
  REQUIRE(running.fault.empty());
}

TEST_CASE("what a lane's thread throws is handed over", "[node]") {
  RunningLane running;
  running.lane.start_job(
      import_of(1, running.lane.endpoint()), 0,
      [](Status) -> void { throw std::runtime_error("out of order"); });
  const auto until = SteadyClock().now() + 5s;
  std::string fault;
  while (fault.empty() && SteadyClock().now() < until) {
    std::this_thread::yield();
    const std::lock_guard lock(running.mutex);
    fault = running.fault;
  }
  REQUIRE_THAT(fault, Catch::Contains("out of order"));
}

}  // namespace
}  // namespace psmith::node
