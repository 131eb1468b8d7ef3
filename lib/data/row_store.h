// RowStore: parsed rows kept out of core and given back in the order of their
// sort keys (a random number, or the row's number).
//
// Rows go to 64 buckets by the top bits of the sort key; a bucket that does
// not fit in memory is divided again by the next bits. So the order depends
// on the sort keys alone, never on the memory. Buckets are Spools in a folder.
// One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/spool.h"

namespace psmith::data {

// One row; borrowed. Dense rows have x, sparse rows index and value.
struct StoredRow {
  std::uint64_t sort_key = 0;
  std::uint32_t label = 0;  // the bits of a float, or a LabelFit number
  float weight = 1;
  std::span<const double> x;
  std::span<const std::uint64_t> index;
  std::span<const float> value;
};

struct RowStoreOptions {
  std::filesystem::path folder;
  bool ordered = false;  // rows come in the order of their sort keys
  std::uint64_t memory = std::uint64_t{64} << 20;  // bytes
};

class RowStore {
 public:
  explicit RowStore(const RowStoreOptions& options);

  // Errors: as Spool.
  Status add(const StoredRow& row);
  std::uint64_t row_count() const { return row_count_; }
  std::uint64_t entry_count() const { return entry_count_; }

  // Every row once, by sort key (equal keys as added). The store is empty
  // afterwards. An error of `give` ends it.
  using Give = std::function<Status(const StoredRow&)>;
  Status drain(const Give& give);

 private:
  Status drain_bucket(Spool& bucket, unsigned depth, const Give& give);
  Status divide(Spool& bucket, unsigned depth, const Give& give);
  Status stream(Spool& bucket, const Give& give);

  RowStoreOptions options_;
  std::vector<Spool> buckets_;
  std::vector<std::byte> record_;
  std::uint64_t row_count_ = 0, entry_count_ = 0;
};

}  // namespace psmith::data
