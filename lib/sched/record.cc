#include "sched/record.h"

#include <string>
#include <utility>

#include "base/format.h"

namespace psmith::sched {
namespace {

template <class T>
Result<T> entry_of(const Record& record) {
  auto entry = wire::decode_entry<T>(record.bytes);
  if (entry) return entry;
  return std::move(entry.error())
      .at(format("{} {}", name_of(record.kind), record.id));
}

Status read(const Record& record, Saved& out) {
  using Kind = Record::Kind;
  switch (record.kind) {
    case Kind::master: {
      PSM_TRY(out.master, entry_of<wire::MasterEntry>(record));
      break;
    }
    case Kind::node: {
      PSM_TRY(out.nodes[NodeId(record.id)], entry_of<wire::NodeEntry>(record));
      break;
    }
    case Kind::job: {
      PSM_TRY(out.jobs[JobId(record.id)], entry_of<wire::JobEntry>(record));
      break;
    }
    case Kind::spec: {
      PSM_TRY(out.specs[JobId(record.id)], entry_of<wire::JobSpec>(record));
      break;
    }
    case Kind::event: {
      PSM_TRY(out.events[record.id], entry_of<wire::Event>(record));
      break;
    }
  }
  return Done{};
}

}  // namespace

const char* name_of(Record::Kind kind) {
  switch (kind) {
    case Record::Kind::master:
      return "master";
    case Record::Kind::node:
      return "node";
    case Record::Kind::job:
      return "job";
    case Record::Kind::spec:
      return "spec";
    case Record::Kind::event:
      return "event";
  }
  return "";
}

Result<Saved> read_records(const Records& records) {
  Saved out;
  for (const auto& record : records) PSM_DO(read(record, out));
  const auto& nodes = out.nodes;
  for (const auto& [id, node] : nodes) {
    if (node.info.node != id || node.incarnation == 0) {
      return error(Code::corrupt, "node {}: its entry is another's",
                   id.value());
    }
  }
  for (const auto& [id, job] : out.jobs) {
    if (job.info.job != id || !out.specs.contains(id)) {
      return error(Code::corrupt,
                   "job {}: its entry is another's, or it has "
                   "no spec",
                   id.value());
    }
  }
  return out;
}

}  // namespace psmith::sched
