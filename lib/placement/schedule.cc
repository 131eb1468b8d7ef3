#include "placement/schedule.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/rng.h"

namespace psmith::placement {

std::vector<Schedule::Group> Schedule::groups_of(const DataShape& shape,
                                                 std::uint32_t group_blocks) {
  std::vector<Group> groups;
  for (std::uint32_t s = 0; s < shape.shard_rows.size(); ++s) {
    const auto blocks = shape.block_count(s);
    for (std::uint64_t b = 0; b < blocks; b += group_blocks) {
      const auto count = std::min<std::uint64_t>(group_blocks, blocks - b);
      const auto first_row = b * shape.block_rows;
      const auto rows = std::min<std::uint64_t>(
          count * shape.block_rows, shape.shard_rows[s] - first_row);
      groups.push_back({s, static_cast<std::uint32_t>(b),
                        static_cast<std::uint32_t>(count), rows});
    }
  }
  return groups;
}

Schedule::Schedule(ScheduleSettings settings)
    : settings_(std::move(settings)),
      train_(groups_of(settings_.train, settings_.group_blocks)),
      eval_(groups_of(settings_.eval, settings_.group_blocks)) {
  PSM_CHECK(settings_.group_blocks >= 1, "a group has at least one block");
  const std::uint64_t per_epoch = train_.size();
  if (per_epoch == 0) return;
  for (const auto& group : train_) rows_max_ = std::max(rows_max_, group.rows);
  train_step_count_ = per_epoch * settings_.epochs;
  if (settings_.step_max != 0) {
    train_step_count_ = std::min(train_step_count_, settings_.step_max);
  }
  epochs_ = (train_step_count_ + per_epoch - 1) / per_epoch;
  const bool at_end = eval_.empty() || settings_.eval_every == 0;
  cycle_epochs_ = at_end ? epochs_ : settings_.eval_every;
  step_count_ = train_step_count_;
  for (std::uint64_t e = 0; e < epochs_; ++e) {
    if (eval_after(e)) step_count_ += eval_.size();
  }
}

bool Schedule::eval_after(std::uint64_t epoch) const {
  if (eval_.empty()) return false;
  if (epoch + 1 == epochs_) return true;
  return settings_.eval_every != 0 && (epoch + 1) % settings_.eval_every == 0;
}

void Schedule::permute(std::uint64_t epoch) {
  if (epoch == permuted_epoch_) return;
  order_.resize(train_.size());
  std::iota(order_.begin(), order_.end(), 0U);
  Rng rng(seed_of({settings_.seed, 0x65706f6368, epoch}));
  for (std::size_t i = order_.size(); i > 1; --i) {
    std::swap(order_[i - 1], order_[rng.below(i)]);
  }
  permuted_epoch_ = epoch;
}

Step Schedule::at(std::uint64_t index) {
  PSM_CHECK(index < step_count_, "a step of the schedule");
  // Evaluations stand at regular distances, so the epoch is found by division;
  // the last cycle alone may be short.
  const std::uint64_t per_epoch = train_.size();
  const std::uint64_t cycle = per_epoch * cycle_epochs_ + eval_.size();
  const std::uint64_t train_before = index / cycle * cycle_epochs_ * per_epoch;
  const std::uint64_t in_cycle = index % cycle;
  const std::uint64_t cycle_train =
      std::min(train_step_count_ - train_before, per_epoch * cycle_epochs_);
  Step step;
  if (in_cycle < cycle_train) {
    step.train_index = train_before + in_cycle;
    step.epoch = step.train_index / per_epoch;
    permute(step.epoch);
    const auto& g = train_[order_[step.train_index % per_epoch]];
    step.shard = g.shard;
    step.block_begin = g.block_begin;
    step.block_count = g.block_count;
    step.row_share =
        static_cast<double>(g.rows) / static_cast<double>(rows_max_);
    return step;
  }
  const auto e = in_cycle - cycle_train;
  PSM_CHECK(e < eval_.size(), "an evaluation step");
  step.eval = true;
  step.eval_last = e + 1 == eval_.size();
  step.train_index = train_before + cycle_train;
  step.epoch = (step.train_index - 1) / per_epoch;
  step.shard = eval_[e].shard;
  step.block_begin = eval_[e].block_begin;
  step.block_count = eval_[e].block_count;
  return step;
}

}  // namespace psmith::placement
