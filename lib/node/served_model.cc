#include "node/served_model.h"

#include <algorithm>
#include <limits>

#include "base/format.h"
#include "wire/limits.h"

namespace psmith::node {

namespace {

constexpr auto kRowMax = std::numeric_limits<std::uint32_t>::max();
// Entries that are looked up and summed at a time: their weights stay in the
// nearest cache.
constexpr std::size_t kSliceEntries = 2048;

}  // namespace

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
  served->map_keys();
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
  if (model_->tables().size() > 1 || saved_.key.size() >= kRowMax) {
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

// A row of zeros is added, in a new table that is just as long as it must be.
void ServedModel::map_keys() {
  if (model_->tables().empty()) return;
  auto& keys = saved_.key;
  auto& table = saved_.table;
  const std::size_t width = model_->tables().front().width;
  if (width == 1) {
    weight_ = KeyMap<float>(
        keys, [&](std::size_t i) { return table[i]; }, 0.0F);
    table = std::vector<float>();
  } else {
    const auto row = [](std::size_t i) {
      return static_cast<std::uint32_t>(i);
    };
    row_ = KeyMap<std::uint32_t>(keys, row, row(keys.size()));
    std::vector<float> longer(table.size() + width);
    std::copy(table.begin(), table.end(), longer.begin());
    table = std::move(longer);
  }
  keys = std::vector<std::uint64_t>();
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
  const Values<float> x(blobs[0]);
  tensor::Batch batch;
  batch.row_count = static_cast<std::size_t>(request.row_count);
  batch.column_count = static_cast<std::size_t>(columns);
  batch.x = x.span();
  std::vector<float> raw(batch.row_count * saved_.settings.output_count());
  model_->predict(batch, {.dense = dense_, .table = {}}, raw);
  return raw;
}

namespace {

// Whether each entry has its key, in order; else the entries name keys of a
// list by `local`.
bool keys_by_entry(const tensor::Batch& batch) {
  return batch.local.empty() && batch.key.size() == batch.row_begin.back();
}

// Everything a row of the batch will index with is in bounds.
Status check_rows(const tensor::Batch& batch) {
  const auto& begin = batch.row_begin;
  if (begin.size() != batch.row_count + 1 || begin.front() != 0 ||
      !std::is_sorted(begin.begin(), begin.end()) ||
      (begin.back() != batch.local.size() && !keys_by_entry(batch))) {
    return error(Code::invalid, "the row offsets do not fit {} rows",
                 batch.row_count);
  }
  if (!batch.value.empty() && batch.value.size() != begin.back()) {
    return error(Code::invalid, "{} values for {} entries", batch.value.size(),
                 begin.back());
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
  const Values<std::uint64_t> key(blobs[0]);
  const Values<std::uint32_t> row_begin(blobs[1]), local(blobs[2]);
  const Values<float> value(blobs[3]);
  tensor::Batch batch;
  batch.row_count = static_cast<std::size_t>(request.row_count);
  batch.key = key.span();
  batch.row_begin = row_begin.span();
  batch.local = local.span();
  batch.value = value.span();
  PSM_DO(check_rows(batch));
  std::vector<float> raw(batch.row_count * saved_.settings.output_count());
  if (keys_by_entry(batch)) {
    predict_entries(batch, raw);
  } else {
    predict_listed(batch, raw);
  }
  return raw;
}

void ServedModel::predict_listed(tensor::Batch batch,
                                 std::span<float> raw) const {
  if (saved_.settings.output_count() == 1) {
    std::vector<float> weight(batch.key.size());
    weight_.find(batch.key, weight);
    const std::span<const float> table(weight);
    return model_->predict(batch, {.dense = dense_, .table = {&table, 1}}, raw);
  }
  std::vector<std::uint32_t> row_of_key(batch.key.size());
  row_.find(batch.key, row_of_key);
  std::vector<std::uint32_t> rows;
  rows.reserve(batch.local.size());
  for (const auto i : batch.local) rows.push_back(row_of_key[i]);
  batch.local = rows;
  const std::span<const float> table(saved_.table);
  model_->predict(batch, {.dense = dense_, .table = {&table, 1}}, raw);
}

// Row by row, as many at a time as have some 2048 entries.
void ServedModel::predict_entries(const tensor::Batch& batch,
                                  std::span<float> raw) const {
  const std::size_t outputs = saved_.settings.output_count();
  const auto& offset = batch.row_begin;
  std::vector<float> weight;
  std::vector<std::uint32_t> row_begin, local;
  for (std::size_t begin = 0, end = 0; begin < batch.row_count; begin = end) {
    const auto first = offset[begin];
    for (++end; end < batch.row_count; ++end) {
      if (offset[end + 1] - first > kSliceEntries) break;
    }
    tensor::Batch slice;
    slice.row_count = end - begin;
    row_begin.clear();
    for (auto r = begin; r <= end; ++r) row_begin.push_back(offset[r] - first);
    slice.row_begin = row_begin;
    const std::size_t entries = row_begin.back();
    slice.key = batch.key.subspan(first, entries);
    if (!batch.value.empty()) slice.value = batch.value.subspan(first, entries);
    std::span<const float> table(saved_.table);
    if (outputs == 1) {
      // Entry i has weight i.
      for (auto i = local.size(); i < entries; ++i) {
        local.push_back(static_cast<std::uint32_t>(i));
      }
      weight.resize(entries);
      weight_.find(slice.key, weight);
      table = weight;
    } else {
      local.resize(entries);
      row_.find(slice.key, local);
    }
    slice.local = std::span(local).first(entries);
    model_->predict(slice, {.dense = dense_, .table = {&table, 1}},
                    raw.subspan(begin * outputs, slice.row_count * outputs));
  }
}

}  // namespace psmith::node
