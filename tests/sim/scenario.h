// Scenario: everything a seed draws for one simulated run: the job, its data,
// the cluster's shape, the weather, who crashes or hangs when. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"
#include "node/compute.h"
#include "sim/master.h"
#include "sim/network.h"
#include "store/tree.h"
#include "wire/job.h"

namespace psmith::sim {

// Examples in memory; shards of the training data, then of the evaluation.
class Data : public node::BlockSource {
 public:
  Data(const wire::JobSpec& spec, std::uint64_t seed);
  tensor::Batch block(bool eval, std::uint32_t shard, std::uint64_t block,
                      data::Shard::Scratch& scratch) const override;

 private:
  struct Block {
    std::vector<float> label, weight, x, value;
    std::vector<std::uint64_t> key;
    std::vector<std::uint32_t> row_begin, local;
    std::size_t column_count = 0;
  };
  static Block make(const wire::JobSpec& spec, std::uint64_t rows, Rng& rng);
  std::vector<std::vector<Block>> train_, eval_;
};

// Test-only switches, as those of MasterFaults.
struct NodeFaults {
  bool keep_old_life = false;  // what an old life knew of jobs is kept
  bool skip_views = false;     // lanes do not learn who is gone
  bool never_ask = false;      // workers ask for no answer that is late
  bool flip_bit = false;       // a worker pushes a wrong bit, once
  bool forget_slots = false;   // slots are not in a checkpoint
  bool forget_piece = false;   // the rows of one lane's file are not read
};

// The master falls in the middle of a turn or between two, and is down so long.
struct MasterCrash {
  double ms = 0, down_ms = 0;
  bool in_turn = false;
};
// A process that stops, is isolated, or loses its connections for a moment.
struct Trouble {
  enum class Kind { pause, isolate, cut };
  Kind kind = Kind::pause;
  double ms = 0, for_ms = 0;
};

struct Scenario {
  std::uint64_t seed = 0;
  wire::JobSpec spec;
  std::size_t servers = 1, lanes = 1, workers = 1;
  std::vector<double> worker_crashes_ms, server_crashes_ms, worker_joins_ms;
  // A worker's computation hangs for ever from then on; it goes on beating.
  std::vector<double> worker_hangs_ms;
  bool unfit_worker = false;  // one more, that cannot read the data
  std::vector<MasterCrash> master_crashes;
  std::vector<Trouble> troubles;
  double files_lost_ms = 0;  // no checkpoint can be read from then on; 0: never
  Network::Weather weather;
  double beat_ms = kBeatMs;
  double compute_ms = 1;  // mean of one lease
  store::Faults faults;
  MasterFaults master_faults;
  NodeFaults node_faults;
};

Scenario draw(std::uint64_t seed);
std::string describe(const Scenario& scenario);

}  // namespace psmith::sim
