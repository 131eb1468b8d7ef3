#include "node/lane_file.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "base/format.h"
#include "file/safetensors.h"

namespace psmith::node {
namespace {

// The rows of one table, gathered in key order.
struct TableCopy {
  std::vector<std::uint64_t> key;
  std::vector<float> weight;
  std::vector<std::vector<float>> slot;
};

TableCopy copy_of(const store::Table& table) {
  std::vector<std::uint32_t> order(table.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return table.key_of(a) < table.key_of(b);
  });
  TableCopy out;
  out.slot.resize(table.slot_count());
  const auto width = table.width();
  for (const auto row : order) {
    out.key.push_back(table.key_of(row));
    const float* w = table.weight(row);
    out.weight.insert(out.weight.end(), w, w + width);
    for (std::size_t s = 0; s < out.slot.size(); ++s) {
      const float* v = w + (s + 1) * width;
      out.slot[s].insert(out.slot[s].end(), v, v + width);
    }
  }
  return out;
}

void add_ranges(const store::Lane& lane, const model::Model& model,
                std::uint64_t version, std::vector<Blob>& held,
                std::vector<file::Tensor>& tensors) {
  const auto ranges = lane.placement().ranges(lane.lane_index());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto name =
        format("t.{}.{}-{}", model.tensors()[ranges[i].tensor].name,
               ranges[i].begin, ranges[i].end);
    held.push_back(lane.weights().dense(i, version));
    tensors.push_back(
        {{name, file::DType::f32, {ranges[i].size()}}, held.back().bytes()});
    for (std::size_t s = 0; s < lane.weights().slot_count(); ++s) {
      tensors.push_back(file::tensor_of<float>(
          format("{}.slot{}", name, s), {ranges[i].size()},
          lane.weights().dense_slot(i, s)));
    }
  }
}

void add_table(const std::string& name, const TableCopy& copy,
               std::uint64_t width, std::vector<file::Tensor>& tensors) {
  const std::uint64_t rows = copy.key.size();
  tensors.push_back(file::tensor_of<std::uint64_t>(format("table.{}.key", name),
                                                   {rows}, copy.key));
  tensors.push_back(file::tensor_of<float>(format("table.{}.weight", name),
                                           {rows, width}, copy.weight));
  for (std::size_t s = 0; s < copy.slot.size(); ++s) {
    tensors.push_back(file::tensor_of<float>(format("table.{}.slot{}", name, s),
                                             {rows, width}, copy.slot[s]));
  }
}

}  // namespace

Result<LaneFile> write_lane_file(const store::Lane& lane,
                                 std::uint64_t version) {
  const auto& record = lane.record();
  PSM_TRY(const auto model, model::make_model(record.spec.model));
  std::vector<Blob> held;
  std::vector<file::Tensor> tensors;
  add_ranges(lane, *model, version, held, tensors);
  std::vector<TableCopy> copies;
  for (std::size_t t = 0; t < model->tables().size(); ++t) {
    copies.push_back(copy_of(lane.weights().table(t)));
  }
  for (std::size_t t = 0; t < copies.size(); ++t) {
    add_table(model->tables()[t].name, copies[t], model->tables()[t].width,
              tensors);
  }
  const auto number = record.lanes[lane.lane_index()].lane;
  LaneFile out;
  out.file = format("{}-{}/v{:08}/lane-{}.safetensors",
                    record.spec.name.empty() ? "job" : record.spec.name,
                    record.job.value(), version, number);
  const auto path =
      std::filesystem::path(record.spec.checkpoint_folder) / out.file;
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) {
    return error(Code::unavailable, "{}: cannot be made: {}",
                 path.parent_path().string(), failed.message());
  }
  const file::Metadata metadata{{"psmith", "checkpoint"},
                                {"version", format("{}", version)},
                                {"recovery", format("{}", record.recovery)},
                                {"placement", format("{}", record.placement)},
                                {"lane", format("{}", number)},
                                {"lanes", format("{}", record.lanes.size())},
                                {"dataset", record.spec.train.digest},
                                {"header", record.spec.model_header}};
  PSM_TRY(const auto saved, file::save_tensors(path, tensors, metadata));
  out.sha256 = saved.sha256;
  out.bytes = saved.bytes;
  return out;
}

}  // namespace psmith::node
