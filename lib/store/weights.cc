#include "store/weights.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace psmith::store {

using placement::Key;

namespace {

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

void Weights::apply_range(std::size_t range, const std::vector<float>& gradient,
                          double rate, float scale) {
  // The block of v-2 serves again when no answer holds it any more.
  Block next = std::move(old_[range]);
  if (!next || next.use_count() != 1) {
    next = std::make_shared<std::vector<float>>();
  }
  *next = *dense_[range];
  const float* g = gradient.data();
  if (scale != 1.0F) {
    scaled_.resize(gradient.size());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      scaled_[i] = gradient[i] * scale;
    }
    g = scaled_.data();
  }
  optim::Run run{
      .weight = next->data(), .slot = {}, .gradient = g, .size = next->size()};
  for (std::size_t s = 0; s < slot_[range].size(); ++s) {
    run.slot[s] = slot_[range][s].data();
  }
  optimizer_->apply(run, rate, regularised_[range]);
  old_[range] = std::exchange(dense_[range], std::move(next));
}

void Weights::apply_table(std::size_t t, const TableSum& sum, double rate,
                          float scale) {
  auto& table = table_[t];
  auto& undo = undo_[t];
  const std::size_t w = table.width();
  undo.row.clear();
  undo.value.clear();
  undo.at.clear();
  undo.row.reserve(sum.key.size());
  undo.value.reserve(sum.key.size() * w);
  scaled_.resize(std::max(scaled_.size(), w));
  for (std::size_t i = 0; i < sum.key.size(); ++i) {
    const auto row = table.find_or_create(sum.key[i]);
    float* weight = table.weight(row);
    undo.row.push_back(row);
    undo.value.insert(undo.value.end(), weight, weight + w);
    for (std::size_t c = 0; c < w; ++c) {
      scaled_[c] = sum.value[i * w + c] * scale;
    }
    optim::Run run{
        .weight = weight, .slot = {}, .gradient = scaled_.data(), .size = w};
    for (std::size_t s = 0; s < table.slot_count(); ++s) {
      run.slot[s] = table.slot(row, s);
    }
    optimizer_->apply(run, rate, true);
  }
}

void Weights::advance() {
  old_ = dense_;
  for (auto& undo : undo_) undo = {};
  ++version_;
  has_old_ = true;
}

void Weights::drop_old() {
  if (!has_old_) return;
  has_old_ = false;
  for (auto& undo : undo_) undo = {};
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

std::vector<float> Weights::rows(std::size_t t, std::span<const Key> key,
                                 std::span<std::uint32_t> row,
                                 std::uint64_t version) {
  PSM_CHECK(has(version), "a version that is held");
  const auto& table = table_[t];
  auto& undo = undo_[t];
  const std::size_t w = table.width();
  const bool old = version != version_;
  if (old && undo.at.empty()) {
    for (std::uint32_t i = 0; i < undo.row.size(); ++i) {
      undo.at.emplace(undo.row[i], i);
    }
  }
  std::vector<float> out(key.size() * w);
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (row[i] == Table::kNone) row[i] = table.find(key[i]);
    if (row[i] == Table::kNone) continue;
    const float* from = table.weight(row[i]);
    if (old) {
      const auto was = undo.at.find(row[i]);
      if (was != undo.at.end()) from = undo.value.data() + was->second * w;
    }
    std::copy_n(from, w, out.data() + i * w);
  }
  return out;
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
  scaled_ = {};
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

TableSum Weights::bucket_rows(std::size_t t, std::uint32_t begin,
                              std::uint32_t end) const {
  const auto& table = table_[t];
  std::vector<std::pair<Key, std::uint32_t>> found;
  for (std::uint32_t row = 0; row < table.size(); ++row) {
    const auto key = table.key_of(row);
    const auto bucket = placement::bucket_of(key);
    if (bucket >= begin && bucket < end) found.emplace_back(key, row);
  }
  std::sort(found.begin(), found.end());
  TableSum out;
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
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto row = table.find_or_create(key[i]);
    std::copy_n(value.data() + i * w, w, table.weight(row));
  }
}

}  // namespace psmith::store
