// split: rows of any source to a dataset folder.
//
// Two passes: rows are read once into a RowStore (temporary files in the
// output's own temporary folder) while the schema is fitted on the training
// rows; then they are written, shard by shard, while other threads make key
// lists and finish the shards before. Where the source knows the number of its
// rows, their order stays and nothing is fitted that they are written with, one
// pass does both. Memory does not grow with the
// input. The result depends on rows, options and seed alone: never on memory,
// threads, time or machine. One thread calls it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "data/input.h"
#include "data/manifest.h"
#include "data/raw.h"

namespace psmith::data {

enum class Division : std::uint8_t {
  even,    // equal numbers of rows, in order
  random,  // the same, after a global shuffle by the seed
  weight,  // equal work (stored values), in order
};
std::string_view name_of(Division by);

struct SplitOptions {
  std::filesystem::path output;
  Division by = Division::random;
  std::uint64_t shards = 0;       // 0: default_shards()
  std::uint32_t micro_batch = 0;  // 0: model::default_block_rows()
  std::uint64_t seed = 0;
  double holdout = 0;  // [0, 1): the part of the rows held out
  bool force = false;  // an existing dataset gives way
  // The source's schema was fitted elsewhere: it is kept, but the rows of each
  // label are counted anew.
  bool fitted = false;
  // Threads that make key lists, the caller's among them; as many may write
  // shards out.
  unsigned threads = 1;
  Durable durable = Durable::yes;  // the dataset outlives a crash
  // Bytes, 1 MiB or more: to put rows in order, and for rows of unfinished
  // shards.
  std::uint64_t memory = std::uint64_t{64} << 20;
  Stop stop = {};
  std::function<void(std::uint64_t rows)> progress = {};  // now and then
  // Told the folder of temporary files when it is there, "" when it is gone:
  // for who ends the process without unwinding.
  std::function<void(const std::filesystem::path&)> temporary = {};
};

// One for every 2^16 rows begun, at most 1024.
std::uint64_t default_shards(std::uint64_t rows);

// Errors: of the source; conflict (73: the output exists or cannot be made),
// exhausted and unavailable (74: writing failed), invalid (no training rows,
// more shards than rows or than a dataset may have). Nothing is left under the
// output's name then.
Result<Manifest> split(RowSource& source, const SplitOptions& options);

}  // namespace psmith::data
