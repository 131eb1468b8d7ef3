// Record: one thing that the master must remember, as its journal keeps it.
//
// A journal is a map from (kind, id) to an entry (wire/entry.h), and a record
// is a change of it. The coordinator gives the records of each turn; its owner
// makes them durable, and only then sends what the turn has to send. So what a
// master has said it also knows when it is started again. Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "wire/entry.h"

namespace psmith::sched {

struct Record {
  enum class Kind : std::uint8_t {
    master = 0,  // its id is 0
    node = 1,
    job = 2,
    spec = 3,  // of the job of that id: large, and seldom changed
    event = 4
  };
  Kind kind = Kind::master;
  std::uint64_t id = 0;
  std::vector<std::byte> bytes;  // none: the entry is no more
};
using Records = std::vector<Record>;

inline constexpr Record::Kind kRecordKinds[] = {
    Record::Kind::master, Record::Kind::node, Record::Kind::job,
    Record::Kind::spec, Record::Kind::event};
const char* name_of(Record::Kind kind);  // "job"

// What a journal holds.
struct Saved {
  wire::MasterEntry master;  // incarnation 0: nothing was saved
  std::map<NodeId, wire::NodeEntry> nodes;
  std::map<JobId, wire::JobEntry> jobs;
  std::map<JobId, wire::JobSpec> specs;
  std::map<std::uint64_t, wire::Event> events;  // by seq
};

// Errors: corrupt (which entry, and what is wrong with it).
Result<Saved> read_records(const Records& records);

}  // namespace psmith::sched
