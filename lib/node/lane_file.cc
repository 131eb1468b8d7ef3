#include "node/lane_file.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "base/format.h"

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

// A job's name is a person's choice; as part of a path it must stay one
// folder's name.
std::string folder_name(std::string_view name) {
  constexpr std::size_t kSizeMax = 100;
  std::string out(name.empty() ? "job" : name.substr(0, kSizeMax));
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  std::replace_if(
      out.begin(), out.end(), [&](char c) { return !good(c); }, '_');
  if (out.front() == '.') out.front() = '_';
  return out;
}

// Fills a LaneCopy.
class Copier {
 public:
  Copier(const store::Lane& lane, std::uint64_t version, LaneCopy& out)
      : lane_(lane), version_(version), out_(out) {}

  void ranges(const model::Model& model) {
    const auto ranges = lane_.placement().ranges(lane_.lane_index());
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const auto name =
          format("t.{}.{}-{}", model.tensors()[ranges[i].tensor].name,
                 ranges[i].begin, ranges[i].end);
      const auto size = ranges[i].size();
      add(name, file::DType::f32, {size}, lane_.weights().dense(i, version_));
      for (std::size_t s = 0; s < lane_.weights().slot_count(); ++s) {
        const auto slot = lane_.weights().dense_slot(i, s);
        add(format("{}.slot{}", name, s), file::DType::f32, {size},
            Blob::of(std::vector<float>(slot.begin(), slot.end())));
      }
    }
  }

  void table(const std::string& name, const store::Table& table) {
    auto rows = copy_of(table);
    const std::uint64_t count = rows.key.size();
    const std::uint64_t width = table.width();
    add(format("table.{}.key", name), file::DType::u64, {count},
        Blob::of(std::move(rows.key)));
    add(format("table.{}.weight", name), file::DType::f32, {count, width},
        Blob::of(std::move(rows.weight)));
    for (std::size_t s = 0; s < rows.slot.size(); ++s) {
      add(format("table.{}.slot{}", name, s), file::DType::f32, {count, width},
          Blob::of(std::move(rows.slot[s])));
    }
  }

 private:
  void add(std::string name, file::DType dtype,
           std::vector<std::uint64_t> shape, Blob bytes) {
    out_.tensors.push_back(
        {{std::move(name), dtype, std::move(shape)}, bytes.bytes()});
    out_.held.push_back(std::move(bytes));
  }

  const store::Lane& lane_;
  const std::uint64_t version_;
  LaneCopy& out_;
};

}  // namespace

LaneCopy copy_lane(const store::Lane& lane, std::uint64_t version) {
  const auto& record = lane.record();
  const auto model = model::make_model(record.spec.model).value(78);
  const auto number = record.lanes[lane.lane_index()].lane;
  LaneCopy out;
  out.folder = record.spec.checkpoint_folder;
  out.file = format("{}-{}/v{:08}-r{}/lane-{}.safetensors",
                    folder_name(record.spec.name), record.job.value(), version,
                    record.recovery, number);
  Copier copier(lane, version, out);
  copier.ranges(*model);
  for (std::size_t t = 0; t < model->tables().size(); ++t) {
    copier.table(model->tables()[t].name, lane.weights().table(t));
  }
  out.metadata = {{"psmith", "checkpoint"},
                  {"version", format("{}", version)},
                  {"recovery", format("{}", record.recovery)},
                  {"placement", format("{}", record.placement)},
                  {"lane", format("{}", number)},
                  {"lanes", format("{}", record.lanes.size())},
                  {"dataset", record.spec.train.digest},
                  {"header", record.spec.model_header}};
  return out;
}

Result<LaneFile> write_lane_file(const LaneCopy& copy) {
  const auto path = copy.folder / copy.file;
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) {
    return error(Code::unavailable, "{}: cannot be made: {}",
                 path.parent_path().string(), failed.message());
  }
  PSM_TRY(const auto saved,
          file::save_tensors(path, copy.tensors, copy.metadata));
  return LaneFile{
      .file = copy.file, .sha256 = saved.sha256, .bytes = saved.bytes};
}

}  // namespace psmith::node
