#include "data/manifest.h"

#include <utility>

#include "base/digest.h"
#include "base/path.h"
#include "data/schema_json.h"
#include "data/seal.h"

namespace psmith::data {
namespace {

using file::Fields;
using file::Json;
using file::json_text;

constexpr const char* kFormatName = "psmith-dataset";
constexpr std::uint32_t kVersion = 1;

Json shard_json(const ShardInfo& shard) {
  return {{"file", json_text(shard.file)}, {"rows", shard.rows},
          {"non_zeros", shard.non_zeros},  {"bytes", shard.bytes},
          {"sha256", shard.sha256},        {"crc32c", shard.crc32c},
          {"holdout", shard.holdout}};
}

bool plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

Result<std::vector<ShardInfo>> read_shards(const Json& list) {
  std::vector<ShardInfo> shards;
  for (const auto& item : list) {
    auto& shard = shards.emplace_back();
    Fields fields(item, format("shard {}", shards.size()));
    fields.read("file", shard.file)
        .read("rows", shard.rows)
        .read("non_zeros", shard.non_zeros)
        .read("bytes", shard.bytes)
        .read("sha256", shard.sha256)
        .read("crc32c", shard.crc32c)
        .read("holdout", shard.holdout);
    if (!plain_name(shard.file)) {
      fields.fail("file", "is not the name of a file in this folder");
    }
    if (!is_digest(shard.sha256)) fields.fail("sha256", "is not a digest");
    if (shard.rows > UINT64_MAX / kShardCountMax)
      fields.fail("rows", "is too large");
    if (shards.size() > 1 && shards[shards.size() - 2].holdout &&
        !shard.holdout) {
      fields.fail("holdout", "puts a training shard after a holdout shard");
    }
    PSM_DO(fields.done());
  }
  return shards;
}

Status check(const Manifest& manifest) {
  const auto wrong = [](std::string_view what) {
    return error(Code::corrupt, "{}", what);
  };
  if (manifest.block_rows == 0 || manifest.block_rows > kBlockRowsMax) {
    return wrong("'block_rows' is out of range");
  }
  if (manifest.dense != manifest.schema.dense()) {
    return wrong("'dense' does not agree with the schema's format");
  }
  if (manifest.by.empty()) return wrong("'by' is empty");
  if (manifest.shards.size() > kShardCountMax) return wrong("too many shards");
  return Done{};
}

}  // namespace

std::uint64_t Manifest::rows(bool holdout) const {
  std::uint64_t sum = 0;
  for (const auto& shard : shards) {
    if (shard.holdout == holdout) sum += shard.rows;
  }
  return sum;
}

std::string shard_file_name(std::size_t index) {
  return format("shard-{:05}.safetensors", index);
}

std::string to_json(Manifest& manifest) {
  Json shards = Json::array();
  for (const auto& shard : manifest.shards) {
    shards.push_back(shard_json(shard));
  }
  const Json json = {{"format", kFormatName},
                     {"version", manifest.version},
                     {"schema", schema_json(manifest.schema)},
                     {"dense", manifest.dense},
                     {"weighted", manifest.weighted},
                     {"block_rows", manifest.block_rows},
                     {"distinct_keys", manifest.distinct_keys},
                     {"seed", manifest.seed},
                     {"by", json_text(manifest.by)},
                     {"shards", std::move(shards)},
                     {"digest", blank_digest()}};
  auto text = file::dump(json) + "\n";
  manifest.digest = seal(text, as_bytes(text));
  return text;
}

Result<Manifest> manifest_from_json(std::string_view text) {
  PSM_TRY(const auto json, file::parse_json(text));
  Manifest manifest;
  std::string format_name;
  Fields fields(json, "manifest");
  fields.read("format", format_name);
  if (format_name != kFormatName)
    fields.fail("format", "is not psmith-dataset");
  fields.read("version", manifest.version);
  if (manifest.version != kVersion) {
    fields.fail("version", "is not 1, the one this build reads");
  }
  fields.read("dense", manifest.dense)
      .read("weighted", manifest.weighted)
      .read("block_rows", manifest.block_rows)
      .read("distinct_keys", manifest.distinct_keys)
      .read("seed", manifest.seed)
      .read("by", manifest.by)
      .read("digest", manifest.digest);
  const auto& schema = fields.object("schema");
  const auto& shards = fields.array("shards");
  PSM_DO(fields.done());
  PSM_TRY(manifest.schema, schema_of_json(schema));
  PSM_TRY(manifest.shards, read_shards(shards));
  PSM_DO(check(manifest));
  if (check_seal(text, as_bytes(text)) != manifest.digest) {
    return error(Code::corrupt, "the digest does not match the text");
  }
  return manifest;
}

Result<Manifest> read_manifest(const std::filesystem::path& folder) {
  const auto path = folder / kManifestName;
  PSM_TRY(const auto text, read_small_file(path, kManifestMax));
  auto manifest = manifest_from_json(text);
  if (!manifest) return std::move(manifest.error()).at(path.string());
  return manifest;
}

Status write_manifest(const std::filesystem::path& folder, Manifest manifest,
                      Durable durable) {
  const auto text = to_json(manifest);
  return write_file(folder / kManifestName, as_bytes(text), durable);
}

}  // namespace psmith::data
