// A small dataset on disk and the job that trains on it, for tests that run
// whole nodes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/rng.h"
#include "data/manifest.h"
#include "data/shard_writer.h"
#include "wire/job.h"

namespace psmith::support {

// Two sparse training shards and one for evaluation, weighted.
inline data::Manifest write_sparse_data(const std::filesystem::path& folder) {
  Rng rng(42);
  data::Manifest manifest;
  manifest.weighted = true;
  manifest.block_rows = 4;
  manifest.by = "even";
  manifest.schema.label_values = {{"0", 0, 1}, {"1", 1, 1}};
  std::filesystem::create_directories(folder);
  for (int s = 0; s < 3; ++s) {
    const std::string file = "shard-0000" + std::to_string(s) + ".safetensors";
    auto writer = data::ShardWriter::create(folder / file, {.dense = false,
                                                            .column_count = 0,
                                                            .weighted = true,
                                                            .block_rows = 4})
                      .value(1);
    const int rows = s == 2 ? 60 : 250 + s;
    for (int r = 0; r < rows; ++r) {
      std::vector<placement::Key> key;
      std::vector<float> value;
      double score = 0;
      for (std::uint64_t k = 1; k < 200; k += 1 + rng.below(60)) {
        key.push_back(k);
        value.push_back(static_cast<float>(rng.normal()));
        score += (k % 2 == 0 ? 1 : -1) * value.back();
      }
      (void)writer.add(
          data::SparseRow{.label = score > 0 ? 1.0F : 0.0F,
                          .weight = static_cast<float>(0.5 + rng.uniform()),
                          .key = key,
                          .value = value});
    }
    auto info = writer.finish().value(1);
    info.file = file;
    info.holdout = s == 2;
    manifest.shards.push_back(info);
  }
  (void)data::write_manifest(folder, manifest);
  return data::read_manifest(folder).value(1);
}

inline wire::JobSpec sparse_job(const std::filesystem::path& folder,
                                const data::Manifest& manifest) {
  wire::JobSpec spec;
  spec.name = "test";
  spec.model.kind = model::Kind::logistic;
  spec.classes = {0, 1};
  spec.optimizer = {.rule = optim::Rule::ftrl, .l1 = 0.1, .mean = false};
  spec.group_blocks = 16;
  spec.epochs = 3;
  spec.seed = 7;
  for (std::uint32_t s = 0; s < manifest.shards.size(); ++s) {
    auto& ref = manifest.shards[s].holdout ? spec.eval : spec.train;
    ref.folder = folder.string();
    ref.digest = manifest.digest;
    ref.shards.push_back(s);
    ref.shape.shard_rows.push_back(manifest.shards[s].rows);
    ref.shape.block_rows = manifest.block_rows;
  }
  return spec;
}

}  // namespace psmith::support
