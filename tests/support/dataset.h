// Small datasets made of given rows, for tests. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "data/shard_writer.h"

namespace psmith::support {

struct SparseExample {
  float label = 0;
  float weight = 1;
  std::vector<std::uint64_t> key;
  std::vector<float> value;  // empty: all 1
};

inline data::Schema sparse_schema() {
  data::Schema schema;
  schema.label_values = {{"-1", -1, 3}, {"1", 1, 4}};
  return schema;
}

// Columns c0, c1, ... with mean j and scale j + 1.
inline data::Schema dense_schema(std::size_t columns) {
  data::Schema schema;
  schema.format = data::Format::csv;
  schema.header = true;
  schema.label = "y";
  for (std::size_t j = 0; j < columns; ++j) {
    schema.columns.push_back({"c" + std::to_string(j), static_cast<double>(j),
                              static_cast<double>(j + 1)});
  }
  return schema;
}

inline data::Manifest manifest_of(data::Schema schema,
                                  std::uint32_t block_rows) {
  data::Manifest manifest;
  manifest.dense = schema.dense();
  manifest.schema = std::move(schema);
  manifest.block_rows = block_rows;
  manifest.by = "even";
  return manifest;
}

// Writes shard `index` of the manifest and adds it to its list.
inline void add_sparse_shard(const std::filesystem::path& folder,
                             data::Manifest& manifest,
                             const std::vector<SparseExample>& rows) {
  const auto name = data::shard_file_name(manifest.shards.size());
  auto writer = data::ShardWriter::create(folder / name,
                                          {.weighted = manifest.weighted,
                                           .block_rows = manifest.block_rows})
                    .value(1);
  for (const auto& row : rows) {
    const data::SparseRow given{row.label, row.weight, row.key, row.value};
    (void)writer.add(given).value(1);
  }
  manifest.shards.push_back(writer.finish().value(1));
}

// x: row-major; labels give the rows.
inline void add_dense_shard(const std::filesystem::path& folder,
                            data::Manifest& manifest,
                            const std::vector<float>& label,
                            const std::vector<float>& x) {
  const auto name = data::shard_file_name(manifest.shards.size());
  const auto columns = manifest.schema.columns.size();
  auto writer = data::ShardWriter::create(folder / name,
                                          {.dense = true,
                                           .column_count = columns,
                                           .weighted = manifest.weighted,
                                           .block_rows = manifest.block_rows})
                    .value(1);
  for (std::size_t i = 0; i < label.size(); ++i) {
    const data::DenseRow given{label[i], 1,
                               std::span(x).subspan(i * columns, columns)};
    (void)writer.add(given).value(1);
  }
  manifest.shards.push_back(writer.finish().value(1));
}

}  // namespace psmith::support
