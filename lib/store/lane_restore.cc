// A lane in a checkpoint and out of it; see lane.h.
#include <algorithm>

#include "base/check.h"
#include "base/format.h"
#include "store/lane.h"

namespace psmith::store {

LaneState Lane::state() const {
  PSM_CHECK(weights_.version() == version_, "between two steps");
  LaneState out;
  weights_.save(placement_.ranges(lane_index_), out);
  out.total = total_;
  out.has_best = has_best_;
  out.best_loss = best_loss_;
  out.best_version = best_version_;
  out.stale_evals = stale_evals_;
  if (!evaluated_.evaluated) return out;
  out.evaluated = true;
  std::copy_n(evaluated_.eval_sums.begin(),
              std::min(evaluated_.eval_sums.size(), out.eval_sums.value.size()),
              out.eval_sums.value.begin());
  out.eval_auc = evaluated_.eval_auc;
  return out;
}

// The ranges and rows of this lane, wherever they were.
Status Lane::take(const LaneState& piece, std::vector<bool>& found) {
  const auto ranges = placement_.ranges(lane_index_);
  for (const auto& part : piece.dense) {
    const auto mine = std::ranges::find_if(ranges, [&](const auto& range) {
      return range.tensor == part.range.tensor &&
             range.begin == part.range.begin && range.end == part.range.end;
    });
    if (mine == ranges.end()) continue;
    const auto i = static_cast<std::size_t>(mine - ranges.begin());
    if (found[i]) return error(Code::corrupt, "a range is there twice");
    found[i] = true;
    PSM_DO(weights_.restore_range(i, part));
  }
  if (piece.table.size() != weights_.table_count()) {
    return error(Code::corrupt, "{} tables, not {}", piece.table.size(),
                 weights_.table_count());
  }
  for (std::size_t t = 0; t < piece.table.size(); ++t) {
    PSM_DO(weights_.restore_rows(t, piece.table[t], [&](placement::Key key) {
      return placement_.lane_of(t, key) == lane_index_;
    }));
  }
  if (!piece.evaluated) return Done{};
  evaluated_.evaluated = true;
  evaluated_.eval_sums.assign(piece.eval_sums.value.begin(),
                              piece.eval_sums.value.end());
  evaluated_.eval_auc = piece.eval_auc;
  return Done{};
}

Status Lane::restore(std::span<const LaneState> pieces, Instant now) {
  PSM_CHECK(version_ == 0 && !pieces.empty(), "a new lane, and a checkpoint");
  const auto& first = pieces.front();
  std::vector<bool> found(placement_.ranges(lane_index_).size());
  for (const auto& piece : pieces) {
    if (piece.version != first.version) {
      return error(Code::corrupt, "versions {} and {} in one checkpoint",
                   first.version, piece.version);
    }
    PSM_DO(take(piece, found));
  }
  if (!std::all_of(found.begin(), found.end(), [](bool f) { return f; })) {
    return error(Code::corrupt, "a range of a dense tensor is not there");
  }
  version_ = first.version;
  total_ = first.total;
  has_best_ = first.has_best;
  best_loss_ = first.best_loss;
  best_version_ = first.best_version;
  stale_evals_ = first.stale_evals;
  weights_.begin_at(version_, has_best_ && record_.spec.patience != 0);
  while (next_doubling_ <=
         static_cast<std::uint64_t>(total_[model::Sums::rows])) {
    next_doubling_ *= 2;
  }
  open_step(now);
  return Done{};
}

}  // namespace psmith::store
