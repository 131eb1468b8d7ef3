#include "sched/record.h"

#include <catch2/catch.hpp>

namespace psmith::sched {
namespace {

using Kind = Record::Kind;

template <class T>
Record record(Kind kind, std::uint64_t id, const T& entry) {
  return {kind, id, wire::encode_entry(entry).value(1)};
}

wire::JobEntry job_entry(std::uint64_t id) {
  wire::JobEntry entry;
  entry.info.job = JobId(id);
  return entry;
}

TEST_CASE("records read as what they were", "[sched]") {
  wire::MasterEntry master;
  master.view = 12;
  wire::NodeEntry node;
  node.info.node = NodeId(3);
  node.incarnation = 9;
  wire::JobSpec spec;
  spec.name = "ctr";
  wire::Event event;
  event.seq = 40;
  event.kind = "job_done";
  auto saved = read_records(
      {record(Kind::master, 0, master), record(Kind::node, 3, node),
       record(Kind::job, 5, job_entry(5)), record(Kind::spec, 5, spec),
       record(Kind::event, 40, event)});
  REQUIRE(saved);
  REQUIRE(saved->master.view == 12);
  REQUIRE(saved->nodes.at(NodeId(3)).incarnation == 9);
  REQUIRE(saved->jobs.at(JobId(5)).info.job == JobId(5));
  REQUIRE(saved->specs.at(JobId(5)).name == "ctr");
  REQUIRE(saved->events.at(40).kind == "job_done");
}

TEST_CASE("an entry that is wrong is named", "[sched]") {
  const auto fault = [](const Records& records) {
    auto saved = read_records(records);
    REQUIRE_FALSE(saved);
    REQUIRE(saved.error().code == Code::corrupt);
    return saved.error().message;
  };
  const Record cut{Kind::event, 8, {std::byte{0x81}}};
  REQUIRE(fault({cut}).starts_with("event 8: "));
  REQUIRE(fault({record(Kind::job, 5, job_entry(6))}).starts_with("job 5: "));
  REQUIRE(fault({record(Kind::job, 5, job_entry(5))}).starts_with("job 5: "));
  wire::NodeEntry node;
  node.info.node = NodeId(3);
  REQUIRE(fault({record(Kind::node, 3, node)}).starts_with("node 3: "));
}

}  // namespace
}  // namespace psmith::sched
