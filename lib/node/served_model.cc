#include "node/served_model.h"

#include <algorithm>
#include <bit>

#include "base/format.h"
#include "placement/key.h"
#include "wire/limits.h"

namespace psmith::node {

KeyIndex::KeyIndex(std::span<const std::uint64_t> keys) {
  if (keys.empty()) return;
  const auto key_max = *std::max_element(keys.begin(), keys.end());
  direct_ = key_max < 4 * keys.size() + 4096;
  const auto size = direct_ ? static_cast<std::size_t>(key_max) + 1
                            : std::bit_ceil(2 * keys.size());
  shift_ = static_cast<unsigned>(64 - std::countr_zero(std::bit_ceil(size)));
  slots_.assign(size, kNone);
  for (std::uint32_t row = 0; row < keys.size(); ++row) {
    auto slot = static_cast<std::size_t>(
        direct_ ? keys[row] : placement::mixed(keys[row]) >> shift_);
    while (!direct_ && slots_[slot] != kNone) slot = (slot + 1) & (size - 1);
    slots_[slot] = row;
  }
}

std::uint32_t KeyIndex::row_of(std::uint64_t key,
                               std::span<const std::uint64_t> keys) const {
  if (direct_) {
    return key < slots_.size() ? slots_[static_cast<std::size_t>(key)] : kNone;
  }
  if (slots_.empty()) return kNone;
  auto slot = static_cast<std::size_t>(placement::mixed(key) >> shift_);
  while (slots_[slot] != kNone && keys[slots_[slot]] != key) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slots_[slot];
}

ServedModel::ServedModel(data::SavedModel saved,
                         std::unique_ptr<const model::Model> model)
    : saved_(std::move(saved)), model_(std::move(model)) {
  dense_.assign(saved_.dense.begin(), saved_.dense.end());
}

Result<std::shared_ptr<const ServedModel>> ServedModel::make(
    data::SavedModel saved) {
  PSM_TRY(auto model, model::make_model(saved.settings));
  std::shared_ptr<ServedModel> served(
      new ServedModel(std::move(saved), std::move(model)));
  PSM_DO(served->check_shapes());
  served->index_ = KeyIndex(served->saved_.key);
  served->add_zero_row();
  return std::shared_ptr<const ServedModel>(std::move(served));
}

Status ServedModel::check_shapes() const {
  const auto& tensors = model_->tensors();
  if (saved_.dense.size() != tensors.size()) {
    return error(Code::corrupt, "model has {} tensors instead of {}",
                 saved_.dense.size(), tensors.size());
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (saved_.dense[i].size() == tensors[i].size()) continue;
    return error(Code::corrupt, "tensor {} has {} values instead of {}",
                 tensors[i].name, saved_.dense[i].size(), tensors[i].size());
  }
  if (model_->tables().size() > 1 || saved_.key.size() >= KeyIndex::kNone) {
    return error(Code::invalid, "model has more rows than this worker serves");
  }
  const std::size_t width =
      model_->tables().empty() ? 0 : model_->tables().front().width;
  if (saved_.table.size() != saved_.key.size() * width) {
    return error(Code::corrupt, "table has {} values for {} keys",
                 saved_.table.size(), saved_.key.size());
  }
  return Done{};
}

// In a new table that is just as long as it must be.
void ServedModel::add_zero_row() {
  if (model_->tables().empty()) return;
  zero_row_ = static_cast<std::uint32_t>(saved_.key.size());
  std::vector<float> table(saved_.table.size() + model_->tables()[0].width);
  std::copy(saved_.table.begin(), saved_.table.end(), table.begin());
  saved_.table = std::move(table);
}

Result<std::vector<float>> ServedModel::predict(
    const wire::Predict& request, std::span<const Blob> blobs) const {
  const auto outputs = saved_.settings.output_count();
  if (request.row_count == 0 || request.row_count > wire::kPredictRowMax ||
      request.row_count * outputs > wire::kPredictOutputMax) {
    return error(Code::invalid,
                 "a batch of {} rows of {} outputs is empty or too large",
                 request.row_count, outputs);
  }
  return saved_.settings.dense ? predict_dense(request, blobs)
                               : predict_sparse(request, blobs);
}

Result<std::vector<float>> ServedModel::predict_dense(
    const wire::Predict& request, std::span<const Blob> blobs) const {
  const auto columns = saved_.settings.column_count;
  if (request.column_count != columns) {
    return error(Code::invalid, "rows have {} columns, the model has {}",
                 request.column_count, columns);
  }
  // columns < 2^64 / 2^20: the weights of as many columns are in memory.
  if (blobs.size() != 1 ||
      blobs[0].size() != request.row_count * columns * sizeof(float)) {
    return error(Code::invalid, "the values do not fit {} rows",
                 request.row_count);
  }
  const auto x = blobs[0].values<float>();
  tensor::Batch batch;
  batch.row_count = static_cast<std::size_t>(request.row_count);
  batch.column_count = static_cast<std::size_t>(columns);
  batch.x = x;
  std::vector<float> raw(batch.row_count * saved_.settings.output_count());
  model_->predict(batch, {.dense = dense_, .table = {}}, raw);
  return raw;
}

namespace {

// Everything a row of the batch will index with is in bounds.
Status check_rows(const tensor::Batch& batch) {
  const auto& begin = batch.row_begin;
  if (begin.size() != batch.row_count + 1 || begin.front() != 0 ||
      !std::is_sorted(begin.begin(), begin.end()) ||
      begin.back() != batch.local.size()) {
    return error(Code::invalid, "the row offsets do not fit {} rows",
                 batch.row_count);
  }
  if (!batch.value.empty() && batch.value.size() != batch.local.size()) {
    return error(Code::invalid, "{} values for {} entries", batch.value.size(),
                 batch.local.size());
  }
  for (const auto local : batch.local) {
    if (local < batch.key.size()) continue;
    return error(Code::invalid, "entry names key {} of {}", local,
                 batch.key.size());
  }
  return Done{};
}

}  // namespace

Result<std::vector<float>> ServedModel::predict_sparse(
    const wire::Predict& request, std::span<const Blob> blobs) const {
  if (request.column_count != 0 || blobs.size() != 4) {
    return error(Code::invalid, "the model wants sparse rows");
  }
  if (blobs[0].size() % sizeof(std::uint64_t) != 0 ||
      blobs[1].size() % sizeof(std::uint32_t) != 0 ||
      blobs[2].size() % sizeof(std::uint32_t) != 0 ||
      blobs[3].size() % sizeof(float) != 0) {
    return error(Code::invalid, "a tensor ends in the middle of a number");
  }
  const auto key = blobs[0].values<std::uint64_t>();
  const auto row_begin = blobs[1].values<std::uint32_t>();
  const auto local = blobs[2].values<std::uint32_t>();
  const auto value = blobs[3].values<float>();
  tensor::Batch batch;
  batch.row_count = static_cast<std::size_t>(request.row_count);
  batch.key = key;
  batch.row_begin = row_begin;
  batch.local = local;
  batch.value = value;
  PSM_DO(check_rows(batch));
  // From here on over the model's keys: no row is copied.
  const auto rows = rows_of(local, key);
  batch.key = saved_.key;
  batch.local = rows;
  const std::span<const float> table(saved_.table);
  std::vector<float> raw(batch.row_count * saved_.settings.output_count());
  model_->predict(batch, {.dense = dense_, .table = {&table, 1}}, raw);
  return raw;
}

// For each entry the row of its key in the table.
std::vector<std::uint32_t> ServedModel::rows_of(
    std::span<const std::uint32_t> local,
    std::span<const std::uint64_t> keys) const {
  std::vector<std::uint32_t> row_of_key;
  row_of_key.reserve(keys.size());
  for (const auto key : keys) {
    const auto row = index_.row_of(key, saved_.key);
    row_of_key.push_back(row == KeyIndex::kNone ? zero_row_ : row);
  }
  std::vector<std::uint32_t> rows;
  rows.reserve(local.size());
  for (const auto i : local) rows.push_back(row_of_key[i]);
  return rows;
}

}  // namespace psmith::node
