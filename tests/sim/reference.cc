#include "sim/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "optim/rate.h"
#include "store/job_shape.h"
#include "store/weights.h"

namespace psmith::sim {
namespace {

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() ||
          std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

std::shared_ptr<store::KnownList> list_of(
    const std::vector<placement::Key>& keys) {
  auto list = std::make_shared<store::KnownList>();
  for (const auto key : keys) list->mixed.push_back(placement::mixed(key));
  list->row.assign(keys.size(), store::Table::kNone);
  return list;
}

// One whole step: weights in, the root's sum out.
store::Sum root_sum(const node::Compute& compute, const model::Model& model,
                    store::Weights& weights, const placement::Placement& place,
                    const placement::Step& step) {
  node::Work work;
  std::shared_ptr<store::KnownList> keys;
  work.step = step;
  work.leaves = {weights.version(), 0, step.block_count};
  work.nodes = {{0, step.block_count}};
  for (const auto& tensor : model.tensors()) {
    work.dense.emplace_back(tensor.size());
  }
  const auto ranges = place.ranges(0);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto blob = weights.dense(i, weights.version());
    std::memcpy(work.dense[ranges[i].tensor].data() + ranges[i].begin,
                blob.bytes().data(), blob.size());
  }
  if (!model.tables().empty()) {
    work.plans.push_back(compute.plan(step, work.nodes[0], place));
    keys = list_of(work.plans[0]->key);
    work.values.push_back(weights.rows(0, *keys, weights.version()));
  }
  auto sum = compute.whole(work, 0).value(1);
  if (step.eval) return sum;
  for (auto& table : sum.table) table.list = keys;
  std::vector<store::Values> by_range;
  for (const auto& range : ranges) {
    const std::span<const float> whole(sum.dense[range.tensor]);
    const auto part = whole.subspan(range.begin, range.size());
    by_range.emplace_back(std::vector<float>(part.begin(), part.end()));
  }
  sum.dense = std::move(by_range);
  return sum;
}

// The weights of one lane that holds everything.
void read_out(const model::Model& model, store::Weights& weights,
              const placement::Placement& place, Outcome& out) {
  for (const auto& tensor : model.tensors()) {
    out.dense.emplace_back(tensor.size());
  }
  const auto ranges = place.ranges(0);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto blob = weights.dense(i, weights.version());
    std::memcpy(out.dense[ranges[i].tensor].data() + ranges[i].begin,
                blob.bytes().data(), blob.size());
  }
  for (std::size_t t = 0; t < weights.table_count(); ++t) {
    const auto rows = weights.bucket_rows(t, 0, placement::kBucketCount);
    for (std::size_t i = 0; i < rows.key.size(); ++i) {
      const auto* v = rows.value.data() + i * rows.width;
      std::vector<float> row(v, v + rows.width);
      if (std::any_of(row.begin(), row.end(), [](float x) { return x != 0; })) {
        out.rows.emplace(rows.key[i], std::move(row));
      }
    }
  }
}

}  // namespace

bool same_bits(const Outcome& a, const Outcome& b) {
  if (a.dense.size() != b.dense.size() || a.rows.size() != b.rows.size() ||
      a.best_version != b.best_version) {
    return false;
  }
  for (std::size_t i = 0; i < a.dense.size(); ++i) {
    if (!same(a.dense[i], b.dense[i])) return false;
  }
  return std::equal(a.rows.begin(), a.rows.end(), b.rows.begin(),
                    [](const auto& x, const auto& y) {
                      return x.first == y.first && same(x.second, y.second);
                    });
}

Outcome reference(const wire::JobSpec& spec, const Data& data) {
  const auto model = model::make_model(spec.model).value(1);
  const node::Compute compute(*model, spec.classes, data);
  wire::JobRecord record;
  record.spec = spec;
  record.lanes.push_back({.lane = 1, .node = NodeId(1), .address = ""});
  const auto place = store::placement_of(record, *model);
  placement::Schedule schedule(store::schedule_of(spec));
  store::Weights weights(*model, spec.optimizer, place.ranges(0));
  model::Sums eval;
  Outcome out;
  double best = 0;
  bool has_best = false;
  std::uint64_t stale = 0;
  for (std::uint64_t v = 0; v < schedule.step_count(); ++v) {
    const auto step = schedule.at(v);
    auto sum = root_sum(compute, *model, weights, place, step);
    if (!step.eval) {
      const double weight = sum.sums[model::Sums::weight];
      out.trained_weight += weight;
      const float scale =
          spec.optimizer.mean ? static_cast<float>(1.0 / weight) : 1.0F;
      if (!(weight > 0)) {
        weights.advance();
        if (spec.patience == 0) out.best_version = v + 1;
        continue;
      }
      weights.apply(sum,
                    optim::rate_at(spec.optimizer, step.train_index,
                                   schedule.train_step_count(), step.row_share),
                    scale);
      if (spec.patience == 0) out.best_version = v + 1;
      continue;
    }
    eval.add(sum.sums);
    if (step.eval_last) {
      const double loss = eval.mean_loss();
      eval = {};
      if (spec.patience != 0 &&
          (!has_best || !std::isfinite(best) || loss < best - spec.min_delta)) {
        has_best = true;
        best = loss;
        stale = 0;
        weights.keep_best();
        out.best_version = v;
      } else if (spec.patience != 0 && ++stale >= spec.patience) {
        break;
      }
    }
    weights.advance();
    if (spec.patience == 0) out.best_version = v + 1;
  }
  weights.restore_best();
  read_out(*model, weights, place, out);
  return out;
}

}  // namespace psmith::sim
