#include "node/lane_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <span>

#include "base/digest.h"
#include "base/format.h"
#include "base/path.h"
#include "model/model.h"

namespace psmith::node {
namespace {

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

// Numbers as text that reads back as the same bits.
std::string text_of(std::span<const double> values) {
  std::string out;
  for (const double value : values) {
    out += format("{}{:a}", out.empty() ? "" : " ", value);
  }
  return out;
}

Status read_numbers(const file::Metadata& metadata, const std::string& name,
                    std::span<double> out) {
  const auto found = metadata.find(name);
  const char* at = found == metadata.end() ? "" : found->second.c_str();
  for (auto& value : out) {
    char* end = nullptr;
    value = std::strtod(at, &end);
    if (end == at) return error(Code::corrupt, "metadata '{}'", name);
    at = end;
  }
  return Done{};
}

Result<std::uint64_t> read_natural(const file::Metadata& metadata,
                                   const std::string& name) {
  const auto found = metadata.find(name);
  const std::string text = found == metadata.end() ? "" : found->second;
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) {
    return error(Code::corrupt, "metadata '{}'", name);
  }
  return value;
}

std::string range_name(const model::Model& model,
                       const placement::Range& range) {
  return format("t.{}.{}-{}", model.tensors()[range.tensor].name, range.begin,
                range.end);
}

// Fills a LaneCopy.
class Copier {
 public:
  explicit Copier(LaneCopy& out) : out_(out) {}

  void part(const std::string& name, const store::LaneState::Part& part) {
    const std::vector<std::uint64_t> shape{part.range.size()};
    add(name, file::DType::f32, shape, part.weight);
    for (std::size_t s = 0; s < part.slot.size(); ++s) {
      add(format("{}.slot{}", name, s), file::DType::f32, shape, part.slot[s]);
    }
    if (part.best.size() != 0) {
      add(name + ".best", file::DType::f32, shape, part.best);
    }
  }

  void rows(const std::string& name, std::uint64_t width, bool best,
            const store::LaneState::Rows& rows) {
    const std::uint64_t count = rows.key.count<std::uint64_t>();
    const std::vector<std::uint64_t> shape{count, width};
    add(name + ".key", file::DType::u64, {count}, rows.key);
    add(name + ".weight", file::DType::f32, shape, rows.weight);
    for (std::size_t s = 0; s < rows.slot.size(); ++s) {
      add(format("{}.slot{}", name, s), file::DType::f32, shape, rows.slot[s]);
    }
    if (best) add(name + ".best", file::DType::f32, shape, rows.best);
  }

 private:
  void add(std::string name, file::DType dtype,
           std::vector<std::uint64_t> shape, Blob bytes) {
    out_.tensors.push_back(
        {{std::move(name), dtype, std::move(shape)}, bytes.bytes()});
    out_.held.push_back(std::move(bytes));
  }

  LaneCopy& out_;
};

// Finds the tensors of a LaneState in a file.
class StateReader {
 public:
  StateReader(const file::SafeTensors& file, const Blob& bytes)
      : file_(file), bytes_(bytes) {}

  // "t.NAME.BEGIN-END" of this tensor.
  Status dense(std::uint32_t index, const std::string& name,
               std::vector<store::LaneState::Part>& out) const {
    const auto prefix = format("t.{}.", name);
    for (const auto& tensor : file_.tensors()) {
      const std::string_view whole = tensor.info.name;
      if (!whole.starts_with(prefix)) continue;
      store::LaneState::Part part;
      part.range.tensor = index;
      const auto* at = whole.data() + prefix.size();
      const auto* const end = whole.data() + whole.size();
      const auto begin = std::from_chars(at, end, part.range.begin);
      if (begin.ec != std::errc() || begin.ptr == end || *begin.ptr != '-') {
        continue;
      }
      const auto rest = std::from_chars(begin.ptr + 1, end, part.range.end);
      if (rest.ec != std::errc() || rest.ptr != end) continue;  // a slot
      PSM_TRY(part.weight, floats(whole));
      PSM_TRY(part.slot, slots(whole));
      PSM_TRY(part.best, best(whole));
      out.push_back(std::move(part));
    }
    return Done{};
  }

  Result<store::LaneState::Rows> rows(const std::string& name) const {
    store::LaneState::Rows out;
    PSM_TRY(const auto key, file_.values<std::uint64_t>(name + ".key"));
    out.key = Blob(bytes_.owner(), std::as_bytes(key));
    PSM_TRY(out.weight, floats(name + ".weight"));
    PSM_TRY(out.slot, slots(name));
    PSM_TRY(out.best, best(name));
    return out;
  }

 private:
  Result<Blob> floats(std::string_view name) const {
    PSM_TRY(const auto values, file_.values<float>(name));
    return Blob(bytes_.owner(), std::as_bytes(values));
  }
  Result<Blob> best(std::string_view of) const {
    const auto name = format("{}.best", of);
    if (file_.find(name) == nullptr) return Blob();
    return floats(name);
  }
  Result<std::vector<Blob>> slots(std::string_view of) const {
    std::vector<Blob> out;
    for (std::size_t s = 0; s < optim::kSlotMax; ++s) {
      const auto name = format("{}.slot{}", of, s);
      if (file_.find(name) == nullptr) break;
      PSM_TRY(auto slot, floats(name));
      out.push_back(std::move(slot));
    }
    return out;
  }

  const file::SafeTensors& file_;
  const Blob& bytes_;
};

Result<store::LaneState> read_state(const Blob& bytes,
                                    const model::Model& model) {
  PSM_TRY(const auto file, file::SafeTensors::parse(bytes));
  store::LaneState out;
  PSM_DO(read_description(file.metadata(), out));
  const StateReader reader(file, bytes);
  for (std::uint32_t t = 0; t < model.tensors().size(); ++t) {
    PSM_DO(reader.dense(t, model.tensors()[t].name, out.dense));
  }
  for (const auto& table : model.tables()) {
    PSM_TRY(auto rows, reader.rows("table." + table.name));
    out.table.push_back(std::move(rows));
  }
  return out;
}

}  // namespace

void describe(const store::LaneState& state, file::Metadata& out) {
  out["version"] = format("{}", state.version);
  out["total"] = text_of(state.total.value);
  if (state.has_best) {
    out["best_loss"] = text_of(std::array{state.best_loss});
    out["best_version"] = format("{}", state.best_version);
    out["stale_evaluations"] = format("{}", state.stale_evals);
  }
  if (!state.evaluated) return;
  out["evaluation"] = text_of(state.eval_sums.value);
  out["evaluation_auc"] = text_of(std::array{state.eval_auc});
}

Status read_description(const file::Metadata& metadata, store::LaneState& out) {
  PSM_TRY(out.version, read_natural(metadata, "version"));
  PSM_DO(read_numbers(metadata, "total", out.total.value));
  if (metadata.contains("best_version")) {
    out.has_best = true;
    PSM_DO(read_numbers(metadata, "best_loss", {&out.best_loss, 1}));
    PSM_TRY(out.best_version, read_natural(metadata, "best_version"));
    PSM_TRY(out.stale_evals, read_natural(metadata, "stale_evaluations"));
  }
  if (!metadata.contains("evaluation")) return Done{};
  out.evaluated = true;
  PSM_DO(read_numbers(metadata, "evaluation", out.eval_sums.value));
  return read_numbers(metadata, "evaluation_auc", {&out.eval_auc, 1});
}

LaneCopy copy_lane(const store::Lane& lane) {
  const auto& record = lane.record();
  const auto model = model::make_model(record.spec.model).value(78);
  const auto number = record.lanes[lane.lane_index()].lane;
  const auto state = lane.state();
  LaneCopy out;
  out.folder = record.spec.checkpoint_folder;
  out.file = format("{}-{}/v{:08}-r{}/lane-{}.safetensors",
                    folder_name(record.spec.name), record.job.value(),
                    state.version, record.recovery, number);
  Copier copier(out);
  for (const auto& part : state.dense) {
    copier.part(range_name(*model, part.range), part);
  }
  for (std::size_t t = 0; t < state.table.size(); ++t) {
    const auto& table = model->tables()[t];
    copier.rows("table." + table.name, table.width, lane.weights().has_best(),
                state.table[t]);
  }
  out.metadata = {{"psmith", "checkpoint"},
                  {"recovery", format("{}", record.recovery)},
                  {"placement", format("{}", record.placement)},
                  {"lane", format("{}", number)},
                  {"lanes", format("{}", record.lanes.size())},
                  {"dataset", record.spec.train.digest},
                  {"header", record.spec.model_header}};
  describe(state, out.metadata);
  return out;
}

Result<store::LaneState> read_lane_file(const std::string& folder,
                                        const wire::CheckpointFile& file,
                                        const model::Model& model) {
  const auto path = (std::filesystem::path(folder) / file.file).string();
  PSM_TRY(const auto bytes, map_file(path));
  if (bytes.size() != file.bytes || sha256(bytes.bytes()) != file.sha256) {
    return error(Code::corrupt, "{}: its digest is another", path);
  }
  auto state = read_state(bytes, model);
  if (!state) return std::move(state.error()).at(path);
  return state;
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
