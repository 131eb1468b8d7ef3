// Weights in a checkpoint and out of it; see weights.h.
#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/format.h"
#include "store/weights.h"

namespace psmith::store {
namespace {

using placement::Key;

Blob shared(const std::shared_ptr<std::vector<float>>& block) {
  return Blob(block, std::as_bytes(std::span(*block)));
}

Status check_size(const Blob& blob, std::size_t floats, const char* what) {
  if (blob.size() == floats * sizeof(float)) return Done{};
  return error(Code::corrupt, "{}: {} bytes for {} numbers", what, blob.size(),
               floats);
}

}  // namespace

void Weights::save(std::span<const placement::Range> ranges,
                   LaneState& out) const {
  PSM_CHECK(ranges.size() == dense_.size(), "a range each");
  out.version = version_;
  for (std::size_t i = 0; i < dense_.size(); ++i) {
    LaneState::Part part;
    part.range = ranges[i];
    part.weight = shared(dense_[i]);
    for (const auto& slot : slot_[i]) part.slot.push_back(Blob::of(slot));
    if (has_best_) part.best = shared(best_[i]);
    out.dense.push_back(std::move(part));
  }
  out.table.resize(table_.size());
  for (std::size_t t = 0; t < table_.size(); ++t) save_rows(t, out.table[t]);
}

void Weights::save_rows(std::size_t t, LaneState::Rows& out) const {
  const auto& table = table_[t];
  const std::size_t w = table.width(), n = table.size();
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return table.key_of(a) < table.key_of(b);
  });
  std::vector<Key> key(n);
  std::vector<float> weight(n * w), best(has_best_ ? n * w : 0);
  std::vector<std::vector<float>> slot(table.slot_count(),
                                       std::vector<float>(n * w));
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = order[i];
    key[i] = table.key_of(row);
    const float* from = table.weight(row);
    std::copy_n(from, w, weight.data() + i * w);
    for (auto& each : slot) std::copy_n(from += w, w, each.data() + i * w);
    // A row born later has no best: 0.
    if ((row + 1) * w <= best_rows_size(t)) {
      std::copy_n(best_rows_[t].data() + row * w, w, best.data() + i * w);
    }
  }
  out.key = Blob::of(std::move(key));
  out.weight = Blob::of(std::move(weight));
  for (auto& each : slot) out.slot.push_back(Blob::of(std::move(each)));
  if (has_best_) out.best = Blob::of(std::move(best));
}

std::size_t Weights::best_rows_size(std::size_t t) const {
  return has_best_ ? best_rows_[t].size() : 0;
}

Status Weights::restore_range(std::size_t range, const LaneState::Part& part) {
  const auto size = dense_[range]->size();
  PSM_DO(check_size(part.weight, size, "a range"));
  if (part.slot.size() != slot_[range].size()) {
    return error(Code::corrupt, "a range of {} slots, not {}", part.slot.size(),
                 slot_[range].size());
  }
  put_dense(range, part.weight.values<float>());
  for (std::size_t s = 0; s < part.slot.size(); ++s) {
    PSM_DO(check_size(part.slot[s], size, "a slot"));
    slot_[range][s] = part.slot[s].values<float>();
  }
  if (part.best.size() == 0) return Done{};
  PSM_DO(check_size(part.best, size, "a best range"));
  best_.resize(dense_.size());
  best_[range] =
      std::make_shared<std::vector<float>>(part.best.values<float>());
  return Done{};
}

Status Weights::restore_rows(std::size_t t, const LaneState::Rows& rows,
                             const std::function<bool(Key)>& mine) {
  auto& table = table_[t];
  const std::size_t w = table.width();
  const auto key = rows.key.values<Key>();
  PSM_DO(check_size(rows.weight, key.size() * w, "rows"));
  if (rows.slot.size() != table.slot_count()) {
    return error(Code::corrupt, "rows of {} slots, not {}", rows.slot.size(),
                 table.slot_count());
  }
  const auto weight = rows.weight.values<float>();
  const auto best = rows.best.values<float>();
  std::vector<std::vector<float>> slot;
  for (const auto& each : rows.slot) {
    PSM_DO(check_size(each, key.size() * w, "slots"));
    slot.push_back(each.values<float>());
  }
  if (rows.best.size() != 0) {
    PSM_DO(check_size(rows.best, key.size() * w, "best rows"));
    best_rows_.resize(table_.size());
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (!mine(key[i])) continue;
    if (table.find(key[i]) != Table::kNone) {
      return error(Code::corrupt, "key {} is there twice", key[i]);
    }
    KnownList list{.mixed = {placement::mixed(key[i])}, .row = {Table::kNone}};
    table.find_or_create(list);
    const auto row = list.row[0];
    const auto end = (std::size_t{row} + 1) * w;
    float* to = table.weight(row);
    std::copy_n(weight.data() + i * w, w, to);
    for (const auto& each : slot) std::copy_n(each.data() + i * w, w, to += w);
    if (best.empty()) continue;
    best_rows_[t].resize(std::max(best_rows_[t].size(), end));
    std::copy_n(best.data() + i * w, w, best_rows_[t].data() + end - w);
  }
  return Done{};
}

void Weights::begin_at(std::uint64_t version, bool has_best) {
  version_ = version;
  has_best_ = has_best;
  if (!has_best) return;
  best_.resize(dense_.size());
  best_rows_.resize(table_.size());
}

}  // namespace psmith::store
