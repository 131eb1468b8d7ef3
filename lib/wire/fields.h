// The members of every struct on the wire, with their field numbers: once, for
// encoding, decoding, tests and the tables of psmith-protocol(7).
//
// A struct is a msgpack map from field numbers to values. Numbers 0 to 2 are
// the header's own, so fields count from 3. A number or a type is never
// reused. To add a member: put it in its struct, here with the next free
// number, and in the page (the tests print the line that is missing).
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/id.h"
#include "wire/entry.h"
#include "wire/job.h"
#include "wire/message.h"

namespace psmith::wire {

inline constexpr std::uint32_t kTypeKey = 0;
inline constexpr std::uint32_t kVersionKey = 1;
inline constexpr std::uint32_t kBlobsKey = 2;
inline constexpr std::uint32_t kFieldMin = 3;

template <class T, class M>
struct Field {
  std::uint32_t number;
  std::string_view name;
  M T::*member;
};
// For compilers that deduce no aggregate's arguments, such as clang 14.
template <class T, class M>
Field(std::uint32_t, std::string_view, M T::*) -> Field<T, M>;

// The values an enum may have on the wire.
template <class E>
struct EnumRange;
template <>
struct EnumRange<Role> {
  static constexpr std::uint64_t min = 1, max = 3;
};
template <>
struct EnumRange<JobState> {
  static constexpr std::uint64_t min = 0, max = 6;
};
template <>
struct EnumRange<model::Kind> {
  static constexpr std::uint64_t min = 0, max = 2;
};
template <>
struct EnumRange<optim::Rule> {
  static constexpr std::uint64_t min = 0, max = 3;
};
template <>
struct EnumRange<optim::Schedule> {
  static constexpr std::uint64_t min = 0, max = 2;
};

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

template <class T>
inline constexpr bool kIsId = false;
template <class Tag>
inline constexpr bool kIsId<Id<Tag>> = true;

// Fields<T>: name, type (0: never a message by itself) and list.
template <class T>
struct Fields;
template <class T>
inline constexpr bool kIsStruct = requires {
  Fields<T>::list;
};

#define PSM_FIELD(number, member) \
  Field { number, #member, &Self::member }
#define PSM_FIELDS(Struct, Name, Number, ...)             \
  template <>                                             \
  struct Fields<Struct> {                                 \
    using Self = Struct;                                  \
    static constexpr std::string_view name = Name;        \
    static constexpr std::uint32_t type = Number;         \
    static constexpr auto list = std::tuple{__VA_ARGS__}; \
  }

// ---- parts of messages

PSM_FIELDS(placement::DataShape, "DataShape", 0, PSM_FIELD(3, shard_rows),
           PSM_FIELD(4, block_rows));
PSM_FIELDS(model::Settings, "ModelSettings", 0, PSM_FIELD(3, kind),
           PSM_FIELD(4, dense), PSM_FIELD(5, column_count),
           PSM_FIELD(6, class_count), PSM_FIELD(7, label_mean),
           PSM_FIELD(8, label_scale));
PSM_FIELDS(optim::Settings, "OptimizerSettings", 0, PSM_FIELD(3, rule),
           PSM_FIELD(4, schedule), PSM_FIELD(5, rate), PSM_FIELD(6, beta),
           PSM_FIELD(7, l1), PSM_FIELD(8, l2), PSM_FIELD(9, mean));
PSM_FIELDS(DataRef, "DataRef", 0, PSM_FIELD(3, folder), PSM_FIELD(4, digest),
           PSM_FIELD(5, shards), PSM_FIELD(6, shape));
PSM_FIELDS(JobSpec, "JobSpec", 0, PSM_FIELD(3, name), PSM_FIELD(4, kind),
           PSM_FIELD(5, model), PSM_FIELD(6, classes), PSM_FIELD(7, optimizer),
           PSM_FIELD(8, train), PSM_FIELD(9, eval), PSM_FIELD(10, group_blocks),
           PSM_FIELD(11, epochs), PSM_FIELD(12, step_max),
           PSM_FIELD(13, eval_every), PSM_FIELD(14, patience),
           PSM_FIELD(15, min_delta), PSM_FIELD(16, seed),
           PSM_FIELD(17, checkpoint_folder), PSM_FIELD(18, checkpoint_every),
           PSM_FIELD(19, model_header));
PSM_FIELDS(LaneInfo, "LaneInfo", 0, PSM_FIELD(3, lane), PSM_FIELD(4, node),
           PSM_FIELD(5, address));
PSM_FIELDS(CheckpointFile, "CheckpointFile", 0, PSM_FIELD(3, file),
           PSM_FIELD(4, sha256), PSM_FIELD(5, bytes));
PSM_FIELDS(Checkpoint, "Checkpoint", 0, PSM_FIELD(3, version),
           PSM_FIELD(4, files));
PSM_FIELDS(JobRecord, "JobRecord", 0, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, lanes), PSM_FIELD(7, workers),
           PSM_FIELD(8, spec), PSM_FIELD(9, checkpoint));
PSM_FIELDS(NodeInfo, "NodeInfo", 0, PSM_FIELD(3, node), PSM_FIELD(4, role),
           PSM_FIELD(5, name), PSM_FIELD(6, addresses), PSM_FIELD(7, lanes),
           PSM_FIELD(8, threads), PSM_FIELD(9, silent_ms),
           PSM_FIELD(10, progress));
PSM_FIELDS(Event, "Event", 0, PSM_FIELD(3, seq), PSM_FIELD(4, time_ms),
           PSM_FIELD(5, job), PSM_FIELD(6, node), PSM_FIELD(7, kind),
           PSM_FIELD(8, text), PSM_FIELD(9, has_progress),
           PSM_FIELD(10, progress));
PSM_FIELDS(JobInfo, "JobInfo", 0, PSM_FIELD(3, job), PSM_FIELD(4, state),
           PSM_FIELD(5, name), PSM_FIELD(6, kind), PSM_FIELD(7, reason),
           PSM_FIELD(8, status), PSM_FIELD(9, recovery),
           PSM_FIELD(10, placement), PSM_FIELD(11, submitted_ms),
           PSM_FIELD(12, started_ms), PSM_FIELD(13, ended_ms),
           PSM_FIELD(14, lanes), PSM_FIELD(15, live),
           PSM_FIELD(16, best_version), PSM_FIELD(17, last),
           PSM_FIELD(18, spec));
PSM_FIELDS(StartEntry, "StartEntry", 0, PSM_FIELD(3, start),
           PSM_FIELD(4, commit));
PSM_FIELDS(MasterEntry, "MasterEntry", 0, PSM_FIELD(3, incarnation),
           PSM_FIELD(4, view), PSM_FIELD(5, node), PSM_FIELD(6, lane),
           PSM_FIELD(7, job), PSM_FIELD(8, placement), PSM_FIELD(9, event),
           PSM_FIELD(10, fingerprint), PSM_FIELD(11, starts));
PSM_FIELDS(NodeEntry, "NodeEntry", 0, PSM_FIELD(3, info),
           PSM_FIELD(4, incarnation));
PSM_FIELDS(JobEntry, "JobEntry", 0, PSM_FIELD(3, info), PSM_FIELD(4, token),
           PSM_FIELD(5, checkpoint));
PSM_FIELDS(KeyList, "KeyList", 0, PSM_FIELD(3, dataset), PSM_FIELD(4, shard),
           PSM_FIELD(5, begin), PSM_FIELD(6, end), PSM_FIELD(7, key_count),
           PSM_FIELD(8, has_keys));
PSM_FIELDS(Leaves, "Leaves", 0, PSM_FIELD(3, step), PSM_FIELD(4, begin),
           PSM_FIELD(5, end));
PSM_FIELDS(PushPart, "PushPart", 0, PSM_FIELD(3, leaves), PSM_FIELD(4, sums),
           PSM_FIELD(5, lists), PSM_FIELD(6, curve));
PSM_FIELDS(PullPart, "PullPart", 0, PSM_FIELD(3, leaves), PSM_FIELD(4, lists));

// ---- messages

PSM_FIELDS(Join, "Join", 1, PSM_FIELD(3, role), PSM_FIELD(4, name),
           PSM_FIELD(5, incarnation), PSM_FIELD(6, wire_version),
           PSM_FIELD(7, fingerprint), PSM_FIELD(8, addresses),
           PSM_FIELD(9, threads), PSM_FIELD(10, master), PSM_FIELD(11, start),
           PSM_FIELD(12, commit));
PSM_FIELDS(JoinOk, "JoinOk", 2, PSM_FIELD(3, node), PSM_FIELD(4, heartbeat_ms),
           PSM_FIELD(5, liveness), PSM_FIELD(6, incarnation),
           PSM_FIELD(7, start), PSM_FIELD(8, commit));
PSM_FIELDS(Heartbeat, "Heartbeat", 3, PSM_FIELD(3, node), PSM_FIELD(4, view),
           PSM_FIELD(5, progress));
PSM_FIELDS(HeartbeatOk, "HeartbeatOk", 4, PSM_FIELD(3, view),
           PSM_FIELD(4, commit));
PSM_FIELDS(View, "View", 5, PSM_FIELD(3, number), PSM_FIELD(4, nodes));
PSM_FIELDS(StartJob, "StartJob", 6, PSM_FIELD(3, record), PSM_FIELD(4, commit));
PSM_FIELDS(StartJobOk, "StartJobOk", 7, PSM_FIELD(3, node), PSM_FIELD(4, job),
           PSM_FIELD(5, recovery));
PSM_FIELDS(JobFailed, "JobFailed", 8, PSM_FIELD(3, node), PSM_FIELD(4, job),
           PSM_FIELD(5, recovery), PSM_FIELD(6, reason), PSM_FIELD(7, status));
PSM_FIELDS(EndJob, "EndJob", 9, PSM_FIELD(3, job), PSM_FIELD(4, keep));
PSM_FIELDS(Leave, "Leave", 10, PSM_FIELD(3, node));
PSM_FIELDS(Progress, "Progress", 11, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, step), PSM_FIELD(6, step_count), PSM_FIELD(7, epoch),
           PSM_FIELD(8, rows), PSM_FIELD(9, loss_since),
           PSM_FIELD(10, loss_mean), PSM_FIELD(11, evaluated),
           PSM_FIELD(12, eval_sums), PSM_FIELD(13, eval_auc),
           PSM_FIELD(14, doubling), PSM_FIELD(15, waiting_for),
           PSM_FIELD(16, workers), PSM_FIELD(17, pushed_bytes),
           PSM_FIELD(18, pulled_bytes));
PSM_FIELDS(LaneDone, "LaneDone", 12, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, lane), PSM_FIELD(6, version),
           PSM_FIELD(7, best_version), PSM_FIELD(8, last));
PSM_FIELDS(CheckpointDone, "CheckpointDone", 13, PSM_FIELD(3, job),
           PSM_FIELD(4, recovery), PSM_FIELD(5, lane), PSM_FIELD(6, version),
           PSM_FIELD(7, file), PSM_FIELD(8, sha256), PSM_FIELD(9, bytes));
PSM_FIELDS(Note, "Note", 14, PSM_FIELD(3, node), PSM_FIELD(4, job),
           PSM_FIELD(5, kind), PSM_FIELD(6, text));
PSM_FIELDS(Submit, "Submit", 15, PSM_FIELD(3, spec), PSM_FIELD(4, token));
PSM_FIELDS(SubmitOk, "SubmitOk", 16, PSM_FIELD(3, job),
           PSM_FIELD(4, incarnation));
PSM_FIELDS(Cancel, "Cancel", 17, PSM_FIELD(3, job));
PSM_FIELDS(CancelOk, "CancelOk", 18, PSM_FIELD(3, job));
PSM_FIELDS(Watch, "Watch", 19, PSM_FIELD(3, after_seq), PSM_FIELD(4, job),
           PSM_FIELD(5, follow));
PSM_FIELDS(EventsOk, "EventsOk", 20, PSM_FIELD(3, events),
           PSM_FIELD(4, last_seq), PSM_FIELD(5, first_seq),
           PSM_FIELD(6, incarnation));
PSM_FIELDS(Jobs, "Jobs", 21, PSM_FIELD(3, job), PSM_FIELD(4, name));
PSM_FIELDS(JobsOk, "JobsOk", 22, PSM_FIELD(3, jobs), PSM_FIELD(4, incarnation));
PSM_FIELDS(Nodes, "Nodes", 23);
PSM_FIELDS(NodesOk, "NodesOk", 24, PSM_FIELD(3, view),
           PSM_FIELD(4, wire_version), PSM_FIELD(5, uptime_ms),
           PSM_FIELD(6, fingerprint));
PSM_FIELDS(Drop, "Drop", 25, PSM_FIELD(3, job));
PSM_FIELDS(DropOk, "DropOk", 26, PSM_FIELD(3, job));
PSM_FIELDS(LeaseRequest, "LeaseRequest", 27, PSM_FIELD(3, job),
           PSM_FIELD(4, recovery), PSM_FIELD(5, placement),
           PSM_FIELD(6, worker), PSM_FIELD(7, leaving));
PSM_FIELDS(Leases, "Leases", 28, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, leaves));
PSM_FIELDS(PushPull, "PushPull", 29, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, worker), PSM_FIELD(7, seq),
           PSM_FIELD(8, push), PSM_FIELD(9, pulls), PSM_FIELD(10, pull_version),
           PSM_FIELD(11, pull), PSM_FIELD(12, sent_bytes),
           PSM_FIELD(13, received_bytes));
PSM_FIELDS(PullOk, "PullOk", 30, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, seq), PSM_FIELD(7, version),
           PSM_FIELD(8, ended), PSM_FIELD(9, stale), PSM_FIELD(10, keys_kept),
           PSM_FIELD(11, leases));
PSM_FIELDS(PushOk, "PushOk", 31, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, seq), PSM_FIELD(7, keys_kept),
           PSM_FIELD(8, leases));
PSM_FIELDS(Ask, "Ask", 32, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, worker), PSM_FIELD(7, seq));
PSM_FIELDS(Pending, "Pending", 33, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, seq));
PSM_FIELDS(Resend, "Resend", 34, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, seq), PSM_FIELD(6, with_keys));
PSM_FIELDS(Missing, "Missing", 35, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, leaves));
PSM_FIELDS(Fetch, "Fetch", 36, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, seq), PSM_FIELD(7, dense),
           PSM_FIELD(8, range_begin), PSM_FIELD(9, range_end),
           PSM_FIELD(10, table), PSM_FIELD(11, bucket_begin),
           PSM_FIELD(12, bucket_end));
PSM_FIELDS(FetchOk, "FetchOk", 37, PSM_FIELD(3, job), PSM_FIELD(4, seq),
           PSM_FIELD(5, version));
PSM_FIELDS(Put, "Put", 38, PSM_FIELD(3, job), PSM_FIELD(4, recovery),
           PSM_FIELD(5, placement), PSM_FIELD(6, seq), PSM_FIELD(7, dense),
           PSM_FIELD(8, range_begin), PSM_FIELD(9, range_end),
           PSM_FIELD(10, table), PSM_FIELD(11, last));
PSM_FIELDS(PutOk, "PutOk", 39, PSM_FIELD(3, job), PSM_FIELD(4, seq));
PSM_FIELDS(LoadModel, "LoadModel", 40, PSM_FIELD(3, digest),
           PSM_FIELD(4, offset), PSM_FIELD(5, total));
PSM_FIELDS(LoadModelOk, "LoadModelOk", 41, PSM_FIELD(3, digest),
           PSM_FIELD(4, received));
PSM_FIELDS(Predict, "Predict", 42, PSM_FIELD(3, digest), PSM_FIELD(4, seq),
           PSM_FIELD(5, row_count), PSM_FIELD(6, column_count));
PSM_FIELDS(PredictOk, "PredictOk", 43, PSM_FIELD(3, seq));
PSM_FIELDS(Refused, "Refused", 44, PSM_FIELD(3, code), PSM_FIELD(4, text),
           PSM_FIELD(5, seq), PSM_FIELD(6, job), PSM_FIELD(7, retry_ms));

#undef PSM_FIELDS
#undef PSM_FIELD

}  // namespace psmith::wire
