// The vocabulary of the cluster: one struct per message.
//
// A message on the wire is a msgpack header frame, one map with integer keys,
// and raw little-endian blobs that the header counts: psmith-protocol(7).
// Fields<T>::list (fields.h) has a struct's members with their numbers, once,
// for encoding and decoding alike: unknown numbers are skipped, missing ones
// keep their defaults, so fields can be added. Numbers are never reused.
// Requests are verbs; answers end in Ok. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "wire/job.h"

namespace psmith::wire {

enum class Role : std::uint8_t { server = 1, worker = 2, client = 3 };

// ---- control plane: everyone <-> master -----------------------------------

struct Join {
  Role role = Role::client;
  std::string name;
  std::uint64_t incarnation = 0;  // random, one per process life
  std::uint32_t wire_version = 0;
  std::string fingerprint;  // of the arithmetic; must match the cluster's
  std::vector<std::string> addresses;  // server: one per lane; worker: one
  std::uint32_t threads = 0;
  // Of the JoinOk that it had last (0: none), and the newest commit told since.
  std::uint64_t master = 0, start = 0, commit = 0;
};
struct JoinOk {
  NodeId node;
  std::uint64_t heartbeat_ms = 0;
  std::uint32_t liveness = 0;  // heartbeats that may be missed
  // Of the master: random at each of its starts, after which the numbers of
  // nodes, jobs and events begin again. The same in SubmitOk, EventsOk, JobsOk.
  std::uint64_t incarnation = 0;
  std::uint64_t start = 0;   // of the master: random at each start
  std::uint64_t commit = 0;  // the newest of its journal
};
struct Heartbeat {
  NodeId node;
  std::uint64_t view = 0;      // newest view this node has
  std::uint64_t progress = 0;  // work units done so far by compute threads
};
struct HeartbeatOk {
  std::uint64_t view = 0;
  std::uint64_t commit = 0;  // of the master's journal, as in JoinOk
};

struct NodeInfo {
  NodeId node;
  Role role = Role::client;
  std::string name;
  std::vector<std::string> addresses;
  std::vector<std::uint64_t> lanes;  // server: lane numbers
  std::uint32_t threads = 0;
  std::uint64_t silent_ms = 0;  // since last heard
  std::uint64_t progress = 0;
};
struct View {
  std::uint64_t number = 0;
  std::vector<NodeInfo> nodes;
};

// Start, or, with a higher recovery number, start again.
struct StartJob {
  JobRecord record;
  std::uint64_t commit = 0;  // of the master's journal, as in JoinOk
};
struct StartJobOk {
  NodeId node;
  JobId job;
  std::uint64_t recovery = 0;
};
struct JobFailed {
  NodeId node;
  JobId job;
  std::uint64_t recovery = 0;
  std::string reason;
  std::uint32_t status = 1;  // exit status for whoever follows
};
// keep: lanes keep its weights as a live model.
struct EndJob {
  JobId job;
  bool keep = false;
};
struct Leave {
  NodeId node;
};

// From the lead lane, at doubling rows, evaluations and by time.
struct Progress {
  JobId job;
  std::uint64_t recovery = 0;
  std::uint64_t step = 0, step_count = 0;  // versions done; planned
  std::uint64_t epoch = 0;
  std::uint64_t rows = 0;         // training rows so far
  double loss_since = 0;          // mean since the last report
  double loss_mean = 0;           // mean since the start
  bool evaluated = false;         // the fields below hold a new evaluation
  std::vector<double> eval_sums;  // model::Sums
  double eval_auc = -1;           // logistic; -1: none
  bool doubling = false;          // a row of the doubling table
  std::uint64_t waiting_for = 0;  // workers whose leaves hold the step back
  std::uint64_t workers = 0;
  std::uint64_t pushed_bytes = 0, pulled_bytes = 0;
};
// From each lane when it reaches the last version.
struct LaneDone {
  JobId job;
  std::uint64_t recovery = 0;
  std::uint64_t lane = 0;
  std::uint64_t version = 0;
  std::uint64_t best_version = 0;  // where the kept weights are from
  Progress last;                   // lead only: final metrics
};
struct CheckpointDone {
  JobId job;
  std::uint64_t recovery = 0, lane = 0, version = 0;
  std::string file, sha256;
  std::uint64_t bytes = 0;
};
// A moment worth an event.
struct Note {
  NodeId node;
  JobId job;
  std::string kind;
  std::string text;
};

// ---- control verbs: psctl, psinfer -> master ------------------------------

struct Submit {
  JobSpec spec;
  std::uint64_t token = 0;  // random; a resend with the same token is the same
};
struct SubmitOk {
  JobId job;
  std::uint64_t incarnation = 0;  // the master's
};
struct Cancel {
  JobId job;
};
struct CancelOk {
  JobId job;
};
struct Event {
  std::uint64_t seq = 0;      // from 1, ascending
  std::uint64_t time_ms = 0;  // Unix time at the master
  JobId job;                  // 0: none
  NodeId node;                // 0: none
  std::string kind;           // past tense: job_started, worker_expired, ...
  std::string text;           // one line
  bool has_progress = false;
  Progress progress;
};
// Events after seq, of one job or of all. follow: EventsOk comes whenever there
// are more; Watch again is the follower's heartbeat.
struct Watch {
  std::uint64_t after_seq = 0;
  JobId job;
  bool follow = false;
};
struct EventsOk {
  std::vector<Event> events;
  std::uint64_t last_seq = 0;     // newest at the master
  std::uint64_t first_seq = 0;    // oldest still kept
  std::uint64_t incarnation = 0;  // the master's
};

struct JobInfo {
  JobId job;
  JobState state = JobState::queued;
  std::string name, kind, reason;
  std::uint32_t status = 0;  // exit status when failed
  std::uint64_t recovery = 0, placement = 0;
  std::uint64_t submitted_ms = 0, started_ms = 0, ended_ms = 0;
  std::vector<LaneInfo> lanes;
  bool live = false;  // its weights can be fetched from the lanes
  std::uint64_t best_version = 0;
  Progress last;
  JobSpec spec;  // only in JobsOk to a request for one job
};
struct Jobs {
  JobId job;  // 0: all
  // "" for any; else the newest job of that name, and where they are others
  // the newest that is not over and the live one, newest first.
  std::string name;
};
struct JobsOk {
  std::vector<JobInfo> jobs;
  std::uint64_t incarnation = 0;  // the master's
};
struct Nodes {};
struct NodesOk {
  View view;
  std::uint64_t wire_version = 0;
  std::uint64_t uptime_ms = 0;
  std::string fingerprint;  // of the cluster's arithmetic; "": no nodes yet
};
// Forgets a live model and frees its memory on the lanes.
struct Drop {
  JobId job;
};
struct DropOk {
  JobId job;
};

// ---- data plane: worker, client <-> lane ----------------------------------

// A micro-batch run's sorted key list, by name: dataset digest (its first 64
// bits), shard, blocks [begin, end). key_count keys in the blob if has_keys.
struct KeyList {
  std::uint64_t dataset = 0;
  std::uint32_t shard = 0;
  std::uint32_t begin = 0, end = 0;
  std::uint64_t key_count = 0;  // keys of this lane's share of the list
  bool has_keys = false;
};

// Leaves [begin, end) of the tree of one step.
struct Leaves {
  std::uint64_t step = 0;
  std::uint32_t begin = 0, end = 0;
  friend bool operator==(const Leaves&, const Leaves&) = default;
};

struct LeaseRequest {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  NodeId worker;
  bool leaving = false;  // it will compute no more: its leaves go to others
};
// From the lead: alone, or with an answer.
struct Leases {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  std::vector<Leaves> leaves;
};

// The sum over one whole subtree. Blobs: one per dense range of the lane, in
// placement order (none for an evaluation step); then per table the keys, if
// lists[t].has_keys, and the values (key_count x width floats).
struct PushPart {
  Leaves leaves;
  std::vector<double> sums;    // model::Sums
  std::vector<KeyList> lists;  // one per table; none for an evaluation step
  // AUC histogram of an evaluation part, to the lead only (see metric.h).
  std::vector<double> curve;
};
// Blobs: per table the keys, if lists[t].has_keys.
struct PullPart {
  Leaves leaves;
  std::vector<KeyList> lists;
};

// A push, a pull, or both in one round trip. The whole message is taken or
// refused. Answered by PullOk when `pull_version` is ready if it pulls, else
// by PushOk. seq: the worker's number; a resend carries the same.
struct PushPull {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  NodeId worker;
  std::uint64_t seq = 0;
  std::vector<PushPart> push;
  bool pulls = false;
  std::uint64_t pull_version = 0;
  std::vector<PullPart> pull;
  // Blob bytes that this worker sent and received for the job so far.
  std::uint64_t sent_bytes = 0, received_bytes = 0;
};
// Blobs: one per dense range of the lane, in placement order; then per pull
// part and table the values.
struct PullOk {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  std::uint64_t seq = 0;
  std::uint64_t version = 0;   // == pull_version, unless ended or stale
  bool ended = false;          // the job has no step `pull_version`
  bool stale = false;          // that version is gone: drop its leases
  bool keys_kept = false;      // the lane knows every key list of the request
  std::vector<Leaves> leases;  // lead only: for later
};
struct PushOk {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  std::uint64_t seq = 0;
  bool keys_kept = false;
  std::vector<Leaves> leases;
};
// "Do you have my seq?" Pending: yes, wait. Resend: never seen, or answered.
struct Ask {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  NodeId worker;
  std::uint64_t seq = 0;
};
struct Pending {
  JobId job;
  std::uint64_t recovery = 0;
  std::uint64_t seq = 0;
};
struct Resend {
  JobId job;
  std::uint64_t recovery = 0;
  std::uint64_t seq = 0;
  bool with_keys = false;  // the lane does not know a named key list
};
// From a lane to the lead: leaves of `step` that it has waited for too long.
struct Missing {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  std::vector<Leaves> leaves;
};

// Read the weights of a live model or an ended job. Dense: this lane's ranges
// in placement order. Table: rows of `table` held here whose bucket is in
// [bucket_begin, bucket_end); blobs keys, values (k x width).
struct Fetch {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  std::uint64_t seq = 0;
  bool dense = false;
  std::uint32_t range_begin = 0, range_end = 0;  // dense: indices of ranges
  std::uint32_t table = 0, bucket_begin = 0, bucket_end = 0;
};
struct FetchOk {
  JobId job;
  std::uint64_t seq = 0;
  std::uint64_t version = 0;
};
// Write weights (kind "import"), as FetchOk has them. last: it has all.
struct Put {
  JobId job;
  std::uint64_t recovery = 0, placement = 0;
  std::uint64_t seq = 0;
  bool dense = false;
  std::uint32_t range_begin = 0, range_end = 0;
  std::uint32_t table = 0;
  bool last = false;
};
struct PutOk {
  JobId job;
  std::uint64_t seq = 0;
};

// ---- inference: client <-> worker -----------------------------------------

// A model file in pieces of at most 1 MiB (the blob).
struct LoadModel {
  std::string digest;
  std::uint64_t offset = 0, total = 0;
};
struct LoadModelOk {
  std::string digest;
  std::uint64_t received = 0;  // bytes so far; == total: loaded
};
// Rows of a batch. Blobs: x, or key, row_begin, local, value (may be empty).
struct Predict {
  std::string digest;
  std::uint64_t seq = 0;
  std::uint64_t row_count = 0, column_count = 0;
};
// Blob: raw outputs (row_count, outputs) float32.
struct PredictOk {
  std::uint64_t seq = 0;
};

// code: stale_view, unknown_job, unknown_model, unknown_node, wire_version,
// fingerprint, bad_message, busy, not_found, invalid.
struct Refused {
  std::string code;
  std::string text;
  std::uint64_t seq = 0;  // of the refused request, if it had one
  JobId job;
  std::uint64_t retry_ms = 0;  // busy: ask again after this
};

using Body =
    std::variant<Join, JoinOk, Heartbeat, HeartbeatOk, View, StartJob,
                 StartJobOk, JobFailed, EndJob, Leave, Progress, LaneDone,
                 CheckpointDone, Note, Submit, SubmitOk, Cancel, CancelOk,
                 Watch, EventsOk, Jobs, JobsOk, Nodes, NodesOk, Drop, DropOk,
                 LeaseRequest, Leases, PushPull, PullOk, PushOk, Ask, Pending,
                 Resend, Missing, Fetch, FetchOk, Put, PutOk, LoadModel,
                 LoadModelOk, Predict, PredictOk, Refused>;

struct Message {
  Body body;
  std::vector<Blob> blobs;
};

}  // namespace psmith::wire
