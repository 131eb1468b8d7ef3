#include "store/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"

namespace psmith::store {

using placement::Key;

namespace {

// A row: most are of one float, which is no work for memcpy.
void copy(const float* from, float* to, std::size_t width) {
  if (width == 1) {
    *to = *from;
  } else {
    std::memcpy(to, from, width * sizeof(float));
  }
}

// Floats of a tile: with its slots it stays in the first cache.
constexpr std::size_t kTileFloats = 1024;

std::unique_ptr<const optim::Optimizer> optimizer_of(
    const optim::Settings& settings) {
  return optim::make_optimizer(settings).value(78);
}

}  // namespace

Weights::Weights(const model::Model& model, const optim::Settings& optimizer,
                 std::span<const placement::Range> ranges)
    : optimizer_(optimizer_of(optimizer)) {
  for (const auto& range : ranges) {
    dense_.push_back(std::make_shared<std::vector<float>>(range.size()));
    slot_.emplace_back(
        optimizer_->slot_count(),
        std::vector<float>(range.size(), optimizer_->slot_init()));
    regularised_.push_back(model.tensors()[range.tensor].name != "bias");
  }
  old_.resize(dense_.size());
  for (const auto& table : model.tables()) {
    table_.emplace_back(table.width, optimizer_->slot_count(),
                        optimizer_->slot_init());
  }
  undo_.resize(table_.size());
}

void Weights::apply(const Sum& sum, double rate, float scale) {
  PSM_CHECK(
      sum.dense.size() == dense_.size() && sum.table.size() == table_.size(),
      "a sum of this lane's shape");
  for (std::size_t i = 0; i < dense_.size(); ++i) {
    apply_range(i, sum.dense[i], rate, scale);
  }
  for (std::size_t i = 0; i < table_.size(); ++i) {
    apply_table(i, sum.table[i], rate, scale);
  }
  ++version_;
  has_old_ = true;
}

// Tile by tile, so that what is copied is still at hand when it is changed.
void Weights::apply_range(std::size_t range, std::span<const float> gradient,
                          double rate, float scale) {
  // The block of v-2 serves again when no answer holds it any more.
  Block next = std::move(old_[range]);
  if (!next || next.use_count() != 1) {
    next = std::make_shared<std::vector<float>>(gradient.size());
  }
  const auto& now = *dense_[range];
  tile_.gradient.resize(std::max(tile_.gradient.size(), kTileFloats));
  for (std::size_t begin = 0; begin < now.size(); begin += kTileFloats) {
    const auto size = std::min(kTileFloats, now.size() - begin);
    optim::Run run{.weight = next->data() + begin,
                   .slot = {},
                   .gradient = tile_.gradient.data(),
                   .size = size};
    std::copy_n(now.data() + begin, size, run.weight);
    for (std::size_t i = 0; i < size; ++i) {
      tile_.gradient[i] = gradient[begin + i] * scale;
    }
    for (std::size_t s = 0; s < slot_[range].size(); ++s) {
      run.slot[s] = slot_[range][s].data() + begin;
    }
    optimizer_->apply(run, rate, regularised_[range]);
  }
  old_[range] = std::exchange(dense_[range], std::move(next));
}

void Weights::apply_table(std::size_t t, const TableSum& sum, double rate,
                          float scale) {
  auto& table = table_[t];
  auto& undo = undo_[t];
  const std::size_t w = table.width();
  table.find_or_create(*sum.list);
  undo.list = sum.list;
  undo.value.resize(sum.value.size());
  undo.at.clear();
  const auto tile = std::max<std::size_t>(1, kTileFloats / w);
  const std::span row(sum.list->row);
  for (std::size_t begin = 0; begin < row.size(); begin += tile) {
    const auto count = std::min(tile, row.size() - begin);
    apply_rows(table, row.subspan(begin, count), sum.value.data() + begin * w,
               undo.value.data() + begin * w, rate, scale);
  }
}

// A tile: rows are copied side by side, changed there, and copied back. Their
// old weights go to `old`.
void Weights::apply_rows(Table& table, std::span<const std::uint32_t> row,
                         const float* gradient, float* old, double rate,
                         float scale) {
  const std::size_t w = table.width(), size = row.size() * w;
  const auto slots = table.slot_count();
  for (const auto r : row) __builtin_prefetch(table.weight(r));
  tile_.weight.resize(std::max(tile_.weight.size(), size));
  tile_.gradient.resize(std::max(tile_.gradient.size(), size));
  optim::Run run{.weight = tile_.weight.data(),
                 .slot = {},
                 .gradient = tile_.gradient.data(),
                 .size = size};
  for (std::size_t s = 0; s < slots; ++s) {
    tile_.slot[s].resize(tile_.weight.size());
    run.slot[s] = tile_.slot[s].data();
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    const float* from = table.weight(row[i]);
    copy(from, run.weight + i * w, w);
    for (std::size_t s = 0; s < slots; ++s) {
      copy(from += w, run.slot[s] + i * w, w);
    }
  }
  std::copy_n(run.weight, size, old);
  for (std::size_t i = 0; i < size; ++i) {
    tile_.gradient[i] = gradient[i] * scale;
  }
  optimizer_->apply(run, rate, true);
  for (std::size_t i = 0; i < row.size(); ++i) {
    float* to = table.weight(row[i]);
    copy(run.weight + i * w, to, w);
    for (std::size_t s = 0; s < slots; ++s) {
      copy(run.slot[s] + i * w, to += w, w);
    }
  }
}

void Weights::advance() {
  old_ = dense_;
  for (auto& undo : undo_) undo.clear();
  ++version_;
  has_old_ = true;
}

void Weights::drop_old() {
  if (!has_old_) return;
  has_old_ = false;
  for (auto& undo : undo_) undo.clear();
  // An evaluation step shares its blocks: let go, they are the current ones.
  for (std::size_t i = 0; i < old_.size(); ++i) {
    if (old_[i] == dense_[i]) old_[i].reset();
  }
}

Blob Weights::dense(std::size_t range, std::uint64_t version) const {
  PSM_CHECK(has(version), "a version that is held");
  const auto& block = version == version_ ? dense_[range] : old_[range];
  return Blob(block, std::as_bytes(std::span(*block)));
}

std::vector<float> Weights::rows(std::size_t t, KnownList& list,
                                 std::uint64_t version) {
  PSM_CHECK(has(version), "a version that is held");
  const auto& table = table_[t];
  const std::size_t w = table.width(), n = list.size();
  table.find(list);
  std::vector<float> out(n * w);
  constexpr std::size_t kAhead = 16;
  for (std::size_t i = 0; i < n; ++i) {
    if (i + kAhead < n && list.row[i + kAhead] != Table::kNone) {
      __builtin_prefetch(table.weight(list.row[i + kAhead]));
    }
    if (list.row[i] == Table::kNone) continue;
    copy(table.weight(list.row[i]), out.data() + i * w, w);
  }
  if (version != version_) undo(t, list, out);
  return out;
}

// Puts the values before the last step in the places of those after it.
void Weights::undo(std::size_t t, const KnownList& list,
                   std::span<float> value) {
  auto& undo = undo_[t];
  const std::size_t w = table_[t].width();
  if (!undo.list) return;
  if (undo.at.empty()) {
    for (std::uint32_t i = 0; i < undo.list->size(); ++i) {
      undo.at.emplace(undo.list->row[i], i);
    }
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto was = undo.at.find(list.row[i]);
    if (was == undo.at.end()) continue;
    std::copy_n(undo.value.data() + was->second * w, w, value.data() + i * w);
  }
}

void Weights::keep_best() {
  best_ = dense_;  // a block that is held elsewhere is never written again
  best_rows_.assign(table_.size(), {});
  for (std::size_t t = 0; t < table_.size(); ++t) {
    const std::size_t w = table_[t].width();
    best_rows_[t].resize(table_[t].size() * w);
    for (std::uint32_t row = 0; row < table_[t].size(); ++row) {
      std::copy_n(table_[t].weight(row), w, best_rows_[t].data() + row * w);
    }
  }
  has_best_ = true;
}

void Weights::restore_best() {
  if (!has_best_) return;
  dense_ = std::move(best_);
  for (std::size_t t = 0; t < table_.size(); ++t) {
    const std::size_t w = table_[t].width();
    best_rows_[t].resize(table_[t].size() * w);  // rows born later: 0
    for (std::uint32_t row = 0; row < table_[t].size(); ++row) {
      std::copy_n(best_rows_[t].data() + row * w, w, table_[t].weight(row));
    }
  }
  best_rows_.clear();
  has_best_ = false;
}

void Weights::settle() {
  restore_best();
  drop_old();
  old_.assign(dense_.size(), nullptr);
  for (auto& slots : slot_) slots.clear();
  for (auto& table : table_) table.drop_slots();
  undo_.assign(table_.size(), {});
  tile_ = {};
}

bool Weights::finite() const {
  const auto all = [](const float* value, std::size_t count) {
    return std::all_of(value, value + count,
                       [](float w) { return std::isfinite(w); });
  };
  for (const auto& block : dense_) {
    if (!all(block->data(), block->size())) return false;
  }
  for (const auto& table : table_) {
    for (std::uint32_t row = 0; row < table.size(); ++row) {
      if (!all(table.weight(row), table.width())) return false;
    }
  }
  return true;
}

Weights::Rows Weights::bucket_rows(std::size_t t, std::uint32_t begin,
                                   std::uint32_t end) const {
  const auto& table = table_[t];
  std::vector<std::pair<Key, std::uint32_t>> found;
  for (std::uint32_t row = 0; row < table.size(); ++row) {
    const auto key = table.key_of(row);
    const auto bucket = placement::bucket_of(key);
    if (bucket >= begin && bucket < end) found.emplace_back(key, row);
  }
  std::sort(found.begin(), found.end());
  Rows out;
  out.width = table.width();
  for (const auto& [key, row] : found) {
    out.key.push_back(key);
    const float* weight = table.weight(row);
    out.value.insert(out.value.end(), weight, weight + table.width());
  }
  return out;
}

void Weights::put_dense(std::size_t range, std::vector<float> value) {
  PSM_CHECK(value.size() == dense_[range]->size(), "a range's size");
  dense_[range] = std::make_shared<std::vector<float>>(std::move(value));
}

void Weights::put_rows(std::size_t t, std::span<const Key> key,
                       std::span<const float> value) {
  auto& table = table_[t];
  const std::size_t w = table.width();
  PSM_CHECK(value.size() == key.size() * w, "rows of the table's width");
  KnownList list;
  for (const auto k : key) list.mixed.push_back(placement::mixed(k));
  list.row.assign(key.size(), Table::kNone);
  table.find_or_create(list);
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::copy_n(value.data() + i * w, w, table.weight(list.row[i]));
  }
}

}  // namespace psmith::store
