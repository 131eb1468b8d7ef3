// JobSpec: everything that determines a job's result, as submitted; JobRecord:
// the job as the master runs it. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "model/model.h"
#include "optim/optimizer.h"
#include "placement/schedule.h"

namespace psmith::wire {

// A dataset as workers find it, and its shape.
struct DataRef {
  std::string folder;  // reachable by every worker; empty: no data
  std::string digest;  // of the manifest; a worker refuses another one
  std::vector<std::uint32_t> shards;  // indices in the manifest
  placement::DataShape shape;         // rows of those shards; block rows
};

struct JobSpec {
  std::string name;
  std::string kind = "train";  // train, import
  model::Settings model;
  std::vector<float> classes;  // label value of each class index; linear: none
  optim::Settings optimizer;
  DataRef train, eval;
  std::uint32_t group_blocks = 1;  // M: micro-batches of a full step
  std::uint64_t epochs = 1;
  std::uint64_t step_max = 0;
  std::uint32_t eval_every = 1;  // epochs
  std::uint32_t patience = 0;    // evaluations without improvement; 0: off
  double min_delta = 0;
  std::uint64_t seed = 0;
  std::string checkpoint_folder;       // empty: none
  std::uint64_t checkpoint_every = 0;  // train steps
  std::string model_header;  // JSON of schema, classes and facts for export;
                             // opaque to the cluster, <= 16 MiB
};

// One lane of a server, as others reach it.
struct LaneInfo {
  std::uint64_t lane = 0;  // unique in the cluster; stable for the process
  NodeId node;
  std::string address;
};

// The file of one lane, relative to the job's checkpoint folder.
struct CheckpointFile {
  std::string file, sha256;
  std::uint64_t bytes = 0;
};
// A whole one: the files of all lanes. version 0: none.
struct Checkpoint {
  std::uint64_t version = 0;
  std::vector<CheckpointFile> files;
};

struct JobRecord {
  JobId job;
  std::uint64_t recovery = 0;   // grows at each rollback
  std::uint64_t placement = 0;  // number of the placement over `lanes`
  std::vector<LaneInfo> lanes;  // lanes[0] is the lead
  std::vector<NodeId> workers;  // when this record was issued
  Checkpoint checkpoint;        // where it begins
  JobSpec spec;
};

enum class JobState : std::uint8_t {
  queued = 0,
  starting = 1,
  running = 2,
  paused = 3,
  done = 4,
  failed = 5,
  cancelled = 6
};

}  // namespace psmith::wire
