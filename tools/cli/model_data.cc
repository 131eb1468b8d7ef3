#include "model_data.h"

#include <algorithm>
#include <unordered_map>

#include "base/format.h"
#include "data/apply.h"
#include "data/manifest.h"
#include "data/number.h"
#include "data/shard.h"
#include "dataset.h"
#include "need.h"
#include "report.h"

namespace psmith::cli {
namespace {

constexpr std::size_t kBlockRecords = 1024;

[[noreturn]] void refuse_data(std::string message) {
  throw Failure(kBadData, {Code::invalid, std::move(message)});
}

// Label value as stored -> class index of the model.
class ClassMap {
 public:
  // `values`: the stored labels' names, by value.
  ClassMap(const data::SavedModel& model, const data::Schema& schema)
      : wanted_(model.settings.kind != model::Kind::linear) {
    if (!wanted_) return;
    for (const auto& label : schema.label_values) {
      const auto found = std::ranges::find(model.classes, label.name);
      if (found == model.classes.end()) continue;
      const auto index = found - model.classes.begin();
      index_[static_cast<float>(label.value)] = static_cast<float>(index);
    }
  }

  void apply(tensor::Batch& batch) {
    if (!wanted_) return;
    label_.resize(batch.row_count);
    for (std::size_t r = 0; r < batch.row_count; ++r) {
      const auto found = index_.find(batch.label[r]);
      if (found == index_.end()) {
        refuse_data(format("a label ({}) is no class of the model",
                           data::shortest(batch.label[r])));
      }
      label_[r] = found->second;
    }
    batch.label = label_;
  }

 private:
  bool wanted_;
  std::unordered_map<float, float> index_;
  std::vector<float> label_;
};

bool wanted_shard(const data::ShardInfo& shard, const std::string& part) {
  return part == "all" || shard.holdout == (part == "holdout");
}

std::string choose_part(const data::Manifest& manifest,
                        const std::string& part) {
  if (part != "auto") return part;
  return manifest.rows(true) > 0 ? "holdout" : "all";
}

std::string read_dataset(const EvaluationData& data,
                         const data::SavedModel& model,
                         const Interrupt& interrupt,
                         const std::function<void(tensor::Batch&)>& take) {
  const std::filesystem::path folder = data.data.front();
  const auto manifest = need(data::read_manifest(folder), interrupt);
  const auto& schema = manifest.schema;
  if (schema.dense() != model.settings.dense ||
      schema.columns != model.schema.columns) {
    refuse_data(
        format("{} was preprocessed otherwise than the model's data\n"
               "hint: psdata split RAW --like MODEL -o DIR",
               folder.string()));
  }
  const auto part = choose_part(manifest, data.part);
  ClassMap classes(model, schema);
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < manifest.shards.size(); ++i) {
    if (!wanted_shard(manifest.shards[i], part)) continue;
    const auto shard = need(data::Shard::open(folder, manifest, i), interrupt);
    data::Shard::Scratch scratch;
    for (std::uint64_t b = 0; b < shard->block_count(); ++b) {
      auto batch = shard->block(b, scratch);
      classes.apply(batch);
      rows += batch.row_count;
      take(batch);
    }
    need(shard->unchanged(), interrupt);
  }
  if (rows == 0) {
    refuse_data(format("{} has no {} rows", folder.string(), part));
  }
  return format("{}, {} rows", part == "all" ? "all shards" : part,
                count_text(rows));
}

// The schema under which labels of raw input are read: those of the model.
std::string read_raw(const EvaluationData& data, const data::SavedModel& model,
                     Console& console, const Interrupt& interrupt,
                     const std::function<void(tensor::Batch&)>& take) {
  check_format(data.raw, model.schema, "the model");
  auto options = reader_options(data.raw, data.data, interrupt);
  options.schema = model.schema;
  options.known_labels = !model.classes.empty();
  auto reader = need(data::Reader::open(options), interrupt);
  for (const auto& note : reader->notes()) console.note(note);
  ClassMap classes(model, model.schema);
  data::RawBlock block;
  data::BatchBuffer buffer;
  std::uint64_t rows = 0;
  while (need(reader->next(kBlockRecords, block), interrupt)) {
    data::apply(model.schema, block, 0, block.row_count, buffer);
    auto batch = buffer.batch();
    if (batch.row_count == 0) continue;
    classes.apply(batch);
    rows += batch.row_count;
    take(batch);
  }
  if (rows == 0) refuse_data("no record to evaluate");
  return format("{} rows", count_text(rows));
}

}  // namespace

std::string read_blocks(const EvaluationData& data,
                        const data::SavedModel& model, Console& console,
                        const Interrupt& interrupt,
                        const std::function<void(tensor::Batch&)>& take) {
  if (is_raw(data.data)) {
    if (data.part != "auto") {
      throw Failure(kUsage,
                    {Code::invalid, "--part is for datasets, not raw input"});
    }
    return read_raw(data, model, console, interrupt, take);
  }
  if (given(data.raw)) {
    throw Failure(kUsage, error(Code::invalid,
                                "{} is a dataset: options of raw input do not "
                                "apply to it",
                                data.data.front()));
  }
  return read_dataset(data, model, interrupt, take);
}

}  // namespace psmith::cli
