#include "sim/scenario.h"

#include <algorithm>
#include <set>

#include "base/format.h"

namespace psmith::sim {
namespace {

std::uint64_t between(Rng& rng, std::uint64_t low, std::uint64_t high) {
  return low + rng.below(high - low + 1);
}

placement::DataShape shape(Rng& rng, std::uint32_t block_rows,
                           std::uint64_t block_max) {
  placement::DataShape out;
  out.block_rows = block_rows;
  const auto shards = between(rng, 1, 3);
  for (std::uint64_t s = 0; s < shards; ++s) {
    // At least one row; often a last block and a last group that are short.
    out.shard_rows.push_back(between(rng, 1, block_max * block_rows));
  }
  return out;
}

wire::DataRef data_ref(placement::DataShape shape, std::string digest) {
  wire::DataRef ref;
  ref.folder = "memory";
  ref.digest = std::move(digest);
  for (std::uint32_t i = 0; i < shape.shard_rows.size(); ++i) {
    ref.shards.push_back(i);
  }
  ref.shape = std::move(shape);
  return ref;
}

void draw_model(wire::JobSpec& spec, Rng& rng) {
  spec.model.kind = static_cast<model::Kind>(rng.below(3));
  spec.model.dense = rng.below(3) == 0;
  if (spec.model.dense) spec.model.column_count = between(rng, 1, 9);
  // Now and then a tensor of several ranges.
  if (spec.model.dense && rng.below(64) == 0) {
    spec.model.column_count = between(rng, 70'000, 150'000);
  }
  if (spec.model.kind == model::Kind::softmax) {
    spec.model.class_count = static_cast<std::uint32_t>(between(rng, 2, 4));
  }
  const std::size_t classes = spec.model.kind == model::Kind::linear ? 0
                              : spec.model.kind == model::Kind::logistic
                                  ? 2
                                  : spec.model.class_count;
  if (spec.model.kind == model::Kind::linear && rng.below(2) == 0) {
    spec.model.label_mean = rng.normal();
    spec.model.label_scale = 0.1 + rng.uniform();
  }
  for (std::size_t c = 0; c < classes; ++c) {
    spec.classes.push_back(static_cast<float>(c));
  }
  auto& optimizer = spec.optimizer;
  optimizer.rule = static_cast<optim::Rule>(rng.below(4));
  if (optimizer.rule != optim::Rule::ftrl) {
    optimizer.schedule = static_cast<optim::Schedule>(rng.below(3));
  }
  optimizer.rate = 0.05;
  optimizer.l1 = rng.below(3) == 0 ? 0.01 : 0;
  optimizer.l2 = rng.below(3) == 0 ? 0.02 : 0;
  optimizer.mean = rng.below(2) == 0;
}

}  // namespace

Scenario draw(std::uint64_t seed) {
  Rng rng(seed);
  Scenario s;
  s.seed = seed;
  auto& spec = s.spec;
  spec.name = "sim";
  draw_model(spec, rng);
  spec.seed = rng.next();
  const bool large = spec.model.column_count > 1000;
  spec.group_blocks =
      static_cast<std::uint32_t>(between(rng, 1, large ? 4 : 33));
  const auto block_rows = static_cast<std::uint32_t>(between(rng, 1, 3));
  spec.train = data_ref(shape(rng, block_rows, 2 * spec.group_blocks + 5),
                        "00000000000000aa");
  if (rng.below(2) == 0) {
    spec.eval = data_ref(shape(rng, block_rows, spec.group_blocks + 3),
                         "00000000000000bb");
    if (rng.below(2) == 0) spec.patience = 1;
    if (rng.below(4) == 0) spec.min_delta = 0.01;
    spec.eval_every = static_cast<std::uint32_t>(rng.below(3));
  }
  spec.epochs = between(rng, 1, 3);
  if (rng.below(4) == 0) spec.step_max = between(rng, 1, 6);
  s.lanes = between(rng, 1, 4);
  s.servers = between(rng, 1, 3);
  s.workers = between(rng, 1, 8);
  s.weather.delay_ms = 0.1 + 4 * rng.uniform();
  if (rng.below(3) == 0) {
    // Slow messages too would expire everybody all the time.
    s.weather.lost_share = 0.02 * rng.uniform();
    s.weather.delay_ms = std::min(s.weather.delay_ms, 1.0);
  }
  s.compute_ms = 0.2 + 20 * rng.uniform() * rng.uniform();
  const auto crashes = rng.below(4);
  for (std::uint64_t i = 0; i < crashes; ++i) {
    s.worker_crashes_ms.push_back(20 + 600 * rng.uniform() * rng.uniform());
    s.worker_joins_ms.push_back(20 + 900 * rng.uniform());
  }
  if (s.workers > 1 && rng.below(8) == 0) {
    s.worker_hangs_ms.push_back(20 + 300 * rng.uniform());
  }
  s.unfit_worker = s.workers > 2 && rng.below(8) == 0;
  if (rng.below(2) == 0) {
    spec.checkpoint_folder = "memory";
    spec.checkpoint_every = between(rng, 1, 6);
    if (rng.below(4) == 0) s.files_lost_ms = 20 + 500 * rng.uniform();
  }
  if (rng.below(3) == 0) {
    s.server_crashes_ms.push_back(20 + 400 * rng.uniform() * rng.uniform());
  }
  if (rng.below(3) == 0) {
    for (auto n = between(rng, 1, 3); n != 0; --n) {
      s.master_crashes.push_back({.ms = 5 + 900 * rng.uniform(),
                                  .down_ms = 2000 * rng.uniform(),
                                  .in_turn = rng.below(2) == 0});
    }
  }
  if (rng.below(4) == 0) {
    for (auto n = between(rng, 1, 3); n != 0; --n) {
      s.troubles.push_back({.kind = static_cast<Trouble::Kind>(rng.below(3)),
                            .ms = 5 + 600 * rng.uniform(),
                            .for_ms = 1500 * rng.uniform() * rng.uniform()});
    }
  }
  return s;
}

std::string describe(const Scenario& s) {
  return format(
      "seed {}: {} {} M={} epochs={} shards={} eval={} patience={} servers={} "
      "lanes={} workers={} worker crashes={} hangs={} unfit={} server "
      "crashes={} master crashes={} troubles={} lost={:.4f}",
      s.seed, model::name_of(s.spec.model.kind),
      s.spec.model.dense ? "dense" : "sparse", s.spec.group_blocks,
      s.spec.epochs, s.spec.train.shards.size(), s.spec.eval.shards.size(),
      s.spec.patience, s.servers, s.lanes, s.workers,
      s.worker_crashes_ms.size(), s.worker_hangs_ms.size(), s.unfit_worker,
      s.server_crashes_ms.size(), s.master_crashes.size(), s.troubles.size(),
      s.weather.lost_share);
}

Data::Block Data::make(const wire::JobSpec& spec, std::uint64_t rows,
                       Rng& rng) {
  Block b;
  std::vector<std::vector<std::uint64_t>> row_keys;
  std::set<std::uint64_t> keys;
  for (std::uint64_t r = 0; r < rows; ++r) {
    b.label.push_back(spec.classes.empty()
                          ? static_cast<float>(rng.normal())
                          : static_cast<float>(rng.below(spec.classes.size())));
    const bool counts = rng.below(8) != 0;
    b.weight.push_back(counts ? static_cast<float>(0.5 + rng.uniform()) : 0.0F);
    if (spec.model.dense) {
      for (std::uint64_t c = 0; c < spec.model.column_count; ++c) {
        b.x.push_back(static_cast<float>(rng.normal()));
      }
      continue;
    }
    std::set<std::uint64_t> row;
    for (auto n = rng.below(5); n != 0; --n) row.insert(rng.below(40));
    keys.insert(row.begin(), row.end());
    row_keys.emplace_back(row.begin(), row.end());
  }
  b.column_count = spec.model.dense ? spec.model.column_count : 0;
  if (spec.model.dense) return b;
  b.key.assign(keys.begin(), keys.end());
  std::sort(b.key.begin(), b.key.end(), placement::mixed_less);
  b.row_begin.push_back(0);
  for (const auto& row : row_keys) {
    for (const auto key : row) {
      const auto at = std::find(b.key.begin(), b.key.end(), key);
      b.local.push_back(static_cast<std::uint32_t>(at - b.key.begin()));
      b.value.push_back(static_cast<float>(rng.normal()));
    }
    b.row_begin.push_back(static_cast<std::uint32_t>(b.local.size()));
  }
  return b;
}

Data::Data(const wire::JobSpec& spec, std::uint64_t seed) {
  Rng rng(seed_of({seed, 7}));
  const auto fill = [&](const placement::DataShape& shape, auto& shards) {
    for (std::size_t s = 0; s < shape.shard_rows.size(); ++s) {
      auto& blocks = shards.emplace_back();
      auto left = shape.shard_rows[s];
      while (left != 0) {
        const auto rows = std::min<std::uint64_t>(left, shape.block_rows);
        blocks.push_back(make(spec, rows, rng));
        left -= rows;
      }
    }
  };
  fill(spec.train.shape, train_);
  fill(spec.eval.shape, eval_);
}

tensor::Batch Data::block(bool eval, std::uint32_t shard, std::uint64_t block,
                          data::Shard::Scratch&) const {
  const auto& b = (eval ? eval_ : train_)[shard][block];
  return {.row_count = b.label.size(),
          .label = b.label,
          .weight = b.weight,
          .column_count = b.column_count,
          .x = b.x,
          .key = b.key,
          .row_begin = b.row_begin,
          .local = b.local,
          .value = b.value};
}

}  // namespace psmith::sim
