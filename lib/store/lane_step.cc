// The lane's end of a step: apply, evaluate, stop, report.
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/format.h"
#include "optim/rate.h"
#include "store/lane.h"

namespace psmith::store {

void Lane::finish_steps(Instant now, LaneEffects& effects) {
  while (!ended_ && !failed_ && step_.block_count != 0 && tree_.complete()) {
    Sum root = tree_.take();
    const auto step = step_;
    if (step.eval) {
      finish_eval(std::move(root), step);
    } else {
      finish_train(std::move(root), step, effects);
    }
    if (failed_) return;
    if (faults_.drop_version_early) weights_.drop_old();
    ++version_;
    const auto& spec = record_.spec;
    if (!step.eval && spec.checkpoint_every != 0 &&
        (step.train_index + 1) % spec.checkpoint_every == 0) {
      effects.push_back(SaveCheckpoint{});
    }
    end_if_over(effects);
    open_step(now);
    if (lead()) {
      const auto rows = static_cast<std::uint64_t>(total_[model::Sums::rows]);
      if (new_evaluation_ || rows >= next_doubling_) report(now, effects);
    }
    answer_pending(effects);
  }
}

void Lane::finish_train(Sum&& root, const placement::Step& step,
                        LaneEffects& effects) {
  const double weight = root.sums[model::Sums::weight];
  const double loss = root.sums[model::Sums::loss];
  if (!std::isfinite(loss) || !std::isfinite(weight)) {
    return fail(format("the loss is not finite at step {}: lower --rate, or "
                       "look for extreme values in the data",
                       version_),
                effects);
  }
  const auto& optimizer = record_.spec.optimizer;
  if (weight > 0) {
    const double rate =
        optim::rate_at(optimizer, step.train_index,
                       schedule_.train_step_count(), step.row_share);
    const float scale =
        optimizer.mean ? static_cast<float>(1.0 / weight) : 1.0F;
    weights_.apply(root, rate, scale);
  } else {
    weights_.advance();
  }
  total_.add(root.sums);
  since_.add(root.sums);
  if (version_ == 0 && lead()) {
    note("lane_applied",
         format("summed {} micro-batches along the tree and applied them: "
                "version 1",
                step.block_count),
         {}, effects);
  }
}

void Lane::finish_eval(Sum&& root, const placement::Step& step) {
  eval_sums_.add(root.sums);
  eval_curve_.merge(root.curve);
  if (step.eval_last) {
    const double loss = eval_sums_.mean_loss();
    const auto patience = record_.spec.patience;
    const bool better = !has_best_ || !std::isfinite(best_loss_) ||
                        loss < best_loss_ - record_.spec.min_delta;
    if (better || patience == 0) {
      has_best_ = true;
      best_loss_ = loss;
      best_version_ = version_;
      stale_evals_ = 0;
      if (patience != 0) weights_.keep_best();
    } else {
      ++stale_evals_;
    }
    if (patience != 0 && stale_evals_ >= patience) ended_ = true;
    if (lead()) {
      auto now = progress();
      now.evaluated = true;
      now.eval_sums.assign(eval_sums_.value.begin(), eval_sums_.value.end());
      now.eval_auc = eval_curve_.auc();
      if (stale_evals_ == 0) evaluated_ = now;
      latest_eval_ = std::move(now);
      new_evaluation_ = true;
    }
    eval_sums_ = {};
    eval_curve_ = {};
  }
  weights_.advance();
}

// The end: the schedule is through, or the evaluations said stop.
void Lane::end_if_over(LaneEffects& effects) {
  const bool through =
      record_.spec.kind == "train" && version_ >= schedule_.step_count();
  if (failed_ || done_sent_ || (!ended_ && !through)) return;
  ended_ = true;
  if (lead()) lead_.end();
  restore_ = record_.spec.patience != 0 && has_best_;
  if (!restore_) best_version_ = version_;
  if (restore_ ? !std::isfinite(best_loss_) : !weights_.finite()) {
    return fail(
        "the model is not finite at the end: lower --rate, or look for "
        "extreme values in the data",
        effects);
  }
  if (record_.spec.kind == "train" && !(total_[model::Sums::weight] > 0)) {
    return fail("every row that was trained on has weight 0", effects, 65);
  }
  done_sent_ = true;
  wire::LaneDone done{.job = record_.job,
                      .recovery = record_.recovery,
                      .lane = record_.lanes[lane_index_].lane,
                      .version = version_,
                      .best_version = best_version_,
                      .last = {}};
  if (lead()) {
    done.last = progress();
    if (evaluated_.evaluated) {
      done.last.evaluated = true;
      done.last.eval_sums = evaluated_.eval_sums;
      done.last.eval_auc = evaluated_.eval_auc;
    }
  }
  effects.push_back(ToMaster{{std::move(done), {}}});
}

void Lane::fail(std::string reason, LaneEffects& effects,
                std::uint32_t status) {
  failed_ = true;
  effects.push_back(ToMaster{{wire::JobFailed{.node = {},
                                              .job = record_.job,
                                              .recovery = record_.recovery,
                                              .reason = std::move(reason),
                                              .status = status},
                              {}}});
}

wire::Progress Lane::progress() const {
  wire::Progress p{
      .job = record_.job,
      .recovery = record_.recovery,
      .step = version_,
      .step_count = schedule_.step_count(),
      .epoch = step_.epoch,
      .rows = static_cast<std::uint64_t>(total_[model::Sums::rows]),
      .loss_since = since_.mean_loss(),
      .loss_mean = total_.mean_loss(),
      .eval_sums = {}};
  p.waiting_for = lead_.waiting_for();
  p.workers = lead_.worker_count();
  p.pushed_bytes = bytes_gone_.first;
  p.pulled_bytes = bytes_gone_.second;
  for (const auto& [worker, bytes] : bytes_) {
    p.pushed_bytes += bytes.first;
    p.pulled_bytes += bytes.second;
  }
  return p;
}

void Lane::report(Instant now, LaneEffects& effects) {
  auto p = progress();
  if (new_evaluation_) {
    p = std::exchange(latest_eval_, {});
    new_evaluation_ = false;
  }
  if (p.rows >= next_doubling_) {
    p.doubling = true;
    constexpr auto kMost = std::uint64_t{1} << 62;
    while (next_doubling_ <= p.rows && next_doubling_ < kMost) {
      next_doubling_ *= 2;
    }
  }
  since_ = {};
  reported_ = now;
  effects.push_back(ToMaster{{std::move(p), {}}});
}

void Lane::note(std::string kind, std::string text, NodeId node,
                LaneEffects& effects) const {
  effects.push_back(ToMaster{{wire::Note{.node = node,
                                         .job = record_.job,
                                         .kind = std::move(kind),
                                         .text = std::move(text)},
                              {}}});
}

std::vector<wire::Leaves> Lane::leases_for(NodeId worker) {
  if (!lead()) return {};
  for (auto& grant : lead_.take_grants()) {
    granted_[grant.worker].push_back(grant.leaves);
  }
  const auto found = granted_.find(worker);
  if (found == granted_.end()) return {};
  auto leaves = std::move(found->second);
  granted_.erase(found);
  return leaves;
}

// What no answer carried goes by itself.
void Lane::send_leases(LaneEffects& effects) {
  if (!lead()) return;
  leases_for({});
  for (auto& [worker, leaves] : granted_) {
    const auto peer = worker_peer_.find(worker);
    if (peer == worker_peer_.end()) continue;
    if (!first_grant_ && !leaves.empty()) {
      first_grant_ = true;
      note("leases_granted",
           format("gave worker {} leaves {}-{} of step {}", worker.value(),
                  leaves[0].begin, leaves[0].end, leaves[0].step),
           worker, effects);
    }
    effects.push_back(ToPeer{peer->second,
                             {wire::Leases{.job = record_.job,
                                           .recovery = record_.recovery,
                                           .placement = record_.placement,
                                           .leaves = std::move(leaves)},
                              {}}});
  }
  granted_.clear();
  for (const auto& release : lead_.take_releases()) {
    note("leases_released",
         format("leaves {}-{} of step {} of worker {} are leased again",
                release.leaves.begin, release.leaves.end, release.leaves.step,
                release.worker.value()),
         release.worker, effects);
  }
}

void Lane::on_fetch(PeerId peer, const wire::Fetch& fetch,
                    LaneEffects& effects) {
  if (!ended_) {
    effects.push_back(
        ToPeer{peer, refusal("busy", "the job has not ended", fetch.seq)});
    return;
  }
  if (restore_) {
    weights_.restore_best();
    restore_ = false;
  }
  std::vector<Blob> blobs;
  const bool fits = fetch.dense
                        ? fetch.range_begin <= fetch.range_end &&
                              fetch.range_end <= weights_.range_count()
                        : fetch.table < weights_.table_count() &&
                              fetch.bucket_end <= placement::kBucketCount;
  if (!fits) {
    effects.push_back(ToPeer{
        peer, refusal("bad_message", "no such range or table", fetch.seq)});
    return;
  }
  if (fetch.dense) {
    for (auto i = fetch.range_begin; i < fetch.range_end; ++i) {
      blobs.push_back(weights_.dense(i, weights_.version()));
    }
  } else {
    auto rows =
        weights_.bucket_rows(fetch.table, fetch.bucket_begin, fetch.bucket_end);
    blobs.push_back(Blob::of(std::move(rows.key)));
    blobs.push_back(Blob::of(std::move(rows.value)));
  }
  effects.push_back(ToPeer{
      peer,
      {wire::FetchOk{
           .job = record_.job, .seq = fetch.seq, .version = best_version_},
       std::move(blobs)}});
}

// All of a Put's weights, or none.
Status Lane::take_put(const wire::Put& put, const std::vector<Blob>& blobs) {
  const Error not_finite{Code::invalid, "a weight that is not finite"};
  const auto finite = [](const Blob& blob) {
    const auto value = blob.values<float>();
    return std::all_of(value.begin(), value.end(),
                       [](float w) { return std::isfinite(w); });
  };
  if (put.dense) {
    if (put.range_begin > put.range_end ||
        put.range_end > weights_.range_count() ||
        blobs.size() != put.range_end - put.range_begin) {
      return error(Code::invalid, "no such ranges");
    }
    const auto ranges = placement_.ranges(lane_index_);
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      const auto size = ranges[put.range_begin + i].size();
      if (blobs[i].size() != size * sizeof(float)) {
        return error(Code::invalid, "a blob of {} bytes for a range of {}",
                     blobs[i].size(), size);
      }
    }
    if (!std::all_of(blobs.begin(), blobs.end(), finite)) return not_finite;
    for (std::size_t i = 0; i < blobs.size() && !ended_; ++i) {
      weights_.put_dense(put.range_begin + i, blobs[i].values<float>());
    }
    return Done{};
  }
  if (blobs.empty()) return Done{};
  if (put.table >= weights_.table_count() || blobs.size() != 2) {
    return error(Code::invalid, "no such table");
  }
  const auto key = blobs[0].values<placement::Key>();
  const auto row_bytes = weights_.width(put.table) * sizeof(float);
  if (blobs[0].size() != key.size() * sizeof(placement::Key) ||
      blobs[1].size() != key.size() * row_bytes) {
    return error(Code::invalid, "keys and rows that do not fit");
  }
  for (const auto k : key) {
    if (placement_.lane_of(put.table, k) != lane_index_) {
      return error(Code::invalid, "key {} belongs to another lane", k);
    }
  }
  if (!finite(blobs[1])) return not_finite;
  if (!ended_) weights_.put_rows(put.table, key, blobs[1].values<float>());
  return Done{};
}

void Lane::on_put(PeerId peer, const wire::Put& put, std::vector<Blob>&& blobs,
                  LaneEffects& effects) {
  const auto refuse = [&](std::string text) {
    effects.push_back(
        ToPeer{peer, refusal("bad_message", std::move(text), put.seq)});
  };
  if (record_.spec.kind != "import") return refuse("not an import");
  if (auto taken = take_put(put, blobs); !taken) {
    return refuse(std::move(taken.error().message));
  }
  if (put.last) ended_ = true;
  end_if_over(effects);
  effects.push_back(
      ToPeer{peer, {wire::PutOk{.job = record_.job, .seq = put.seq}, {}}});
}

}  // namespace psmith::store
