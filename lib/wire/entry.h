// Entries: what the master's journal keeps of nodes, jobs and events, as bytes
// (psmith-formats(5)). Like a message's header an entry is one msgpack map with
// integer keys (fields.h): unknown ones are skipped and missing ones keep their
// defaults, so that a newer psmith reads what an older one wrote. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/message.h"

namespace psmith::wire {

// The newest of every number that the master gives, so that none is given
// twice, and what all nodes have in common.
// One start of a master, and how far it wrote the journal.
struct StartEntry {
  std::uint64_t start = 0;   // random
  std::uint64_t commit = 0;  // the last of that start; counted over all
};
struct MasterEntry {
  std::uint64_t incarnation = 0;  // of the journal: as in JoinOk
  std::uint64_t view = 0, node = 0, lane = 0, job = 0, placement = 0;
  std::uint64_t event = 0;  // no event has had a higher seq
  std::string fingerprint;
  std::vector<StartEntry> starts;  // the newest last
};
struct NodeEntry {
  NodeInfo info;  // silent_ms and progress mean nothing here
  std::uint64_t incarnation = 0;
};
struct JobEntry {
  JobInfo info;  // without its spec
  std::uint64_t token = 0;
  Checkpoint checkpoint;  // the newest whole one
};

// T: MasterEntry, NodeEntry, JobEntry, JobSpec or Event. Errors: exhausted (it
// is over a limit of limits.h), unavailable (no memory).
template <class T>
Result<std::vector<std::byte>> encode_entry(const T& entry);

// Errors: corrupt (what is wrong with it), exhausted (no memory).
template <class T>
Result<T> decode_entry(ByteView bytes);

}  // namespace psmith::wire
