#include "data/describe.h"

#include <algorithm>
#include <cmath>

#include "base/digest.h"
#include "base/format.h"
#include "data/defaults.h"
#include "data/number.h"
#include "data/shard.h"
#include "data/text_rows.h"
#include "file/json.h"

namespace psmith::data {
namespace {

using file::Json;

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
constexpr std::size_t kLabelsShown = 12;

bool wanted(Part part, bool holdout) {
  return part == Part::all || (part == Part::holdout) == holdout;
}

std::uint64_t shard_count(const Manifest& manifest, bool holdout) {
  return static_cast<std::uint64_t>(std::count_if(
      manifest.shards.begin(), manifest.shards.end(),
      [&](const ShardInfo& info) { return info.holdout == holdout; }));
}

std::uint64_t total(const Manifest& manifest, std::uint64_t ShardInfo::*field) {
  std::uint64_t sum = 0;
  for (const auto& info : manifest.shards) sum += info.*field;
  return sum;
}

Json labels_json(const Manifest& manifest) {
  Json out = Json::array();
  for (const auto& value : manifest.schema.label_values) {
    Json entry{{"rows", value.rows}};
    if (manifest.schema.label_text) {
      entry["label"] = file::json_text(value.name);
    } else {
      entry["label"] = value.value;
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Json shards_json(const Manifest& manifest) {
  Json out = Json::array();
  for (const auto& info : manifest.shards) {
    out.push_back({{"file", info.file},
                   {"rows", info.rows},
                   {"non_zeros", info.non_zeros},
                   {"bytes", info.bytes},
                   {"sha256", info.sha256},
                   {"holdout", info.holdout}});
  }
  return out;
}

Json columns_json(const Schema& schema) {
  Json out = Json::array();
  for (const auto& column : schema.columns) {
    out.push_back({{"name", file::json_text(column.name)},
                   {"mean", column.mean},
                   {"scale", column.scale}});
  }
  return out;
}

std::string labels_text(const Schema& schema) {
  const auto& values = schema.label_values;
  if (values.empty()) return format("over {} distinct values", kLabelValueMax);
  std::string out = format("{} distinct value{}", values.size(),
                           values.size() == 1 ? "" : "s");
  if (values.size() > kLabelsShown) {
    return out + format(", {} to {}", in_quotes(values.front().name),
                        in_quotes(values.back().name));
  }
  const char* separator = ": ";
  for (const auto& value : values) {
    out +=
        format("{}{} ({} rows)", separator, in_quotes(value.name), value.rows);
    separator = ", ";
  }
  return out;
}

}  // namespace

Status print_rows(const std::filesystem::path& folder, const Manifest& manifest,
                  const PrintOptions& options,
                  const std::function<Status(std::string_view)>& write) {
  TextRows rows(manifest.schema, manifest.weighted);
  std::string out = options.json ? "" : rows.header();
  std::uint64_t left = options.row_max;
  for (std::size_t i = 0; i < manifest.shards.size() && left > 0; ++i) {
    if (!wanted(options.part, manifest.shards[i].holdout)) continue;
    PSM_TRY(const auto shard, Shard::open(folder, manifest, i));
    Shard::Scratch scratch;
    for (std::uint64_t b = 0; b < shard->block_count() && left > 0; ++b) {
      if (options.stop && options.stop()) {
        return error(Code::unavailable, "interrupted");
      }
      const auto batch = shard->block(b, scratch);
      for (std::size_t row = 0; row < batch.row_count && left > 0; ++row) {
        --left;
        if (options.json) {
          rows.append_json(batch, row, out);
        } else {
          rows.append(batch, row, out);
        }
        if (out.size() < kPieceBytes) continue;
        PSM_DO(write(out));
        out.clear();
      }
    }
    PSM_DO(shard->unchanged());
  }
  return out.empty() ? Status(Done{}) : write(out);
}

Status verify_shard(const std::filesystem::path& folder,
                    const Manifest& manifest, std::size_t index) {
  const auto& info = manifest.shards[index];
  const auto path = folder / info.file;
  PSM_TRY(const auto digest, sha256_file(path));
  if (digest != info.sha256) {
    return error(Code::corrupt,
                 "{}: the file is not what was written (sha256 differs)\n"
                 "hint: fetch or split it again",
                 path.string());
  }
  PSM_TRY(const auto shard, Shard::open(folder, manifest, index));
  if (!manifest.schema.label_text) return Done{};
  const auto count = static_cast<float>(manifest.schema.label_values.size());
  Shard::Scratch scratch;
  for (std::uint64_t b = 0; b < shard->block_count(); ++b) {
    for (const float label : shard->block(b, scratch).label) {
      if (label >= 0 && label < count && label == std::trunc(label)) continue;
      return error(Code::corrupt, "{}: label {} names no label value",
                   path.string(), label);
    }
  }
  return Done{};
}

std::string describe_json(const std::filesystem::path& folder,
                          const Manifest& manifest) {
  const auto& schema = manifest.schema;
  Json out{{"schema", "psmith-dataset-1"},
           {"path", file::json_text(folder.string())},
           {"digest", manifest.digest},
           {"kind", manifest.dense ? "dense" : "sparse"},
           {"rows", manifest.rows(false)},
           {"holdout_rows", manifest.rows(true)},
           {"non_zeros", total(manifest, &ShardInfo::non_zeros)},
           {"bytes", total(manifest, &ShardInfo::bytes)},
           {"weighted", manifest.weighted},
           {"micro_batch", manifest.block_rows},
           {"by", manifest.by},
           {"seed", manifest.seed},
           {"label_text", schema.label_text},
           {"labels", labels_json(manifest)},
           {"shards", shards_json(manifest)}};
  if (manifest.dense) {
    out["label"] = file::json_text(schema.label);
    out["columns"] = columns_json(schema);
    if (manifest.weighted) out["weight"] = file::json_text(schema.weight);
  } else {
    out["distinct_keys"] = manifest.distinct_keys;
  }
  if (auto guess = guess_kind(schema)) {
    out["model"] = std::string(model::name_of(guess->kind));
  }
  return file::dump(out) + "\n";
}

std::string describe_text(const std::filesystem::path& folder,
                          const Manifest& manifest) {
  const auto& schema = manifest.schema;
  std::string out;
  const auto line = [&](std::string_view name, const std::string& text) {
    out += format("{:<12} {}\n", name, text);
  };
  line("dataset", folder.string());
  line("digest", manifest.digest);
  line("rows", format("{} in {} shard{}", manifest.rows(false),
                      shard_count(manifest, false),
                      shard_count(manifest, false) == 1 ? "" : "s"));
  if (shard_count(manifest, true) > 0) {
    line("holdout", format("{} in {} shard{}", manifest.rows(true),
                           shard_count(manifest, true),
                           shard_count(manifest, true) == 1 ? "" : "s"));
  }
  if (manifest.dense) {
    line("features", format("{} dense columns", schema.columns.size()));
  } else {
    line("features", format("sparse, {}{} keys, {} values",
                            manifest.distinct_keys > (1U << 16) ? "about " : "",
                            manifest.distinct_keys,
                            total(manifest, &ShardInfo::non_zeros)));
  }
  line("label", (schema.label.empty() ? "" : in_quotes(schema.label) + ", ") +
                    labels_text(schema));
  if (auto guess = guess_kind(schema)) {
    line("model",
         format("{} ({})", model::name_of(guess->kind), guess->reason));
  }
  if (manifest.weighted) line("weight", in_quotes(schema.weight));
  line("micro-batch", format("{} rows", manifest.block_rows));
  line("division", format("{}, seed {}", manifest.by, manifest.seed));
  line("bytes", std::to_string(total(manifest, &ShardInfo::bytes)));
  return out;
}

}  // namespace psmith::data
