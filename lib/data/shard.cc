#include "data/shard.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "base/format.h"
#include "base/mapped.h"
#include "base/path.h"
#include "data/finite.h"
#include "data/shard_layout.h"
#include "file/safetensors.h"
#include "placement/key.h"

namespace psmith::data {
namespace {

using file::SafeTensors;
using placement::Key;
using Extents = std::vector<std::uint64_t>;

Error corrupt(std::string message) {
  return Error{Code::corrupt, std::move(message)};
}

bool any_negative(std::span<const float> values) {
  bool found = false;
  for (const float v : values) found |= v < 0;
  return found;
}

// The values of a tensor of exactly this shape.
template <class T>
Result<std::span<const T>> shaped(const SafeTensors& file, const char* name,
                                  const Extents& shape) {
  PSM_TRY(const auto values, file.values<T>(name));
  if (file.find(name)->info.shape != shape) {
    return corrupt(format("tensor '{}' has another shape than expected", name));
  }
  return values;
}

// The values of a tensor of one dimension, however long.
template <class T>
Result<std::span<const T>> listed(const SafeTensors& file, const char* name) {
  PSM_TRY(const auto values, file.values<T>(name));
  if (file.find(name)->info.shape.size() != 1) {
    return corrupt(format("tensor '{}' does not have one dimension", name));
  }
  return values;
}

Status finite(std::span<const float> values, const char* name) {
  if (all_finite(values)) return Done{};
  return corrupt(format("tensor '{}' holds a number that is not finite", name));
}

// What both kinds of shard have.
struct Common {
  SafeTensors file;
  std::uint64_t rows = 0;
  std::uint32_t block_rows = 1;
  std::span<const float> label, weight;

  std::uint64_t row_begin(std::uint64_t block) const {
    return block * block_rows;
  }
  std::uint64_t row_end(std::uint64_t block) const {
    return std::min(rows, (block + 1) * block_rows);
  }
  std::uint64_t block_count() const { return block_count_of(rows, block_rows); }

  tensor::Batch batch(std::uint64_t block) const {
    PSM_CHECK(block < block_count(), "a block past the end of its shard");
    const auto first = static_cast<std::size_t>(row_begin(block));
    const auto count = static_cast<std::size_t>(row_end(block)) - first;
    tensor::Batch out;
    out.row_count = count;
    out.label = label.subspan(first, count);
    if (!weight.empty()) out.weight = weight.subspan(first, count);
    return out;
  }
};

Result<Common> read_common(SafeTensors file, const Manifest& manifest,
                           const ShardInfo& info) {
  Common common;
  common.rows = info.rows;
  common.block_rows = manifest.block_rows;
  if (file.metadata() != shard_metadata(manifest.dense, manifest.block_rows)) {
    return corrupt("the metadata does not match the manifest");
  }
  PSM_TRY(common.label, shaped<float>(file, kLabelName, {info.rows}));
  PSM_DO(finite(common.label, kLabelName));
  if (manifest.weighted) {
    PSM_TRY(common.weight, shaped<float>(file, kWeightName, {info.rows}));
    PSM_DO(finite(common.weight, kWeightName));
    if (any_negative(common.weight)) {
      return corrupt("tensor 'weight' holds a number below 0");
    }
  }
  common.file = std::move(file);
  return common;
}

// Of the tensors present, how many a shard of this kind has.
Status check_tensor_count(const Common& common, std::size_t expected) {
  if (common.file.tensors().size() == expected) return Done{};
  return corrupt("holds a tensor that no shard of this dataset has");
}

class DenseShard final : public Shard {
 public:
  DenseShard(Common common, std::span<const float> x, std::size_t columns)
      : common_(std::move(common)), x_(x), column_count_(columns) {}

  std::uint64_t row_count() const override { return common_.rows; }
  std::uint64_t block_count() const override { return common_.block_count(); }

  tensor::Batch block(std::uint64_t i, Scratch&) const override {
    auto batch = common_.batch(i);
    const auto first = static_cast<std::size_t>(common_.row_begin(i));
    batch.column_count = column_count_;
    batch.x =
        x_.subspan(first * column_count_, batch.row_count * column_count_);
    return batch;
  }

  std::shared_ptr<const Shard> with_block_rows(
      std::uint32_t rows) const override {
    PSM_CHECK(rows > 0, "a micro-batch of no rows");
    auto common = common_;
    common.block_rows = rows;
    auto shard =
        std::make_shared<DenseShard>(std::move(common), x_, column_count_);
    shard->whole_ = whole_;
    return shard;
  }

 private:
  Common common_;
  std::span<const float> x_;
  std::size_t column_count_;
};

struct SparseArrays {
  std::span<const Key> key;
  std::span<const std::uint64_t> key_begin, row_begin;
  std::span<const std::uint32_t> local;
  std::span<const float> value;  // empty: all 1
};

class SparseShard final : public Shard,
                          public std::enable_shared_from_this<SparseShard> {
 public:
  SparseShard(Common common, SparseArrays arrays)
      : common_(std::move(common)), arrays_(arrays) {}

  std::uint64_t row_count() const override { return common_.rows; }
  std::uint64_t block_count() const override { return common_.block_count(); }

  tensor::Batch block(std::uint64_t i, Scratch& scratch) const override {
    auto batch = common_.batch(i);
    const auto& a = arrays_;
    const auto block = static_cast<std::size_t>(i);
    const auto row = static_cast<std::size_t>(common_.row_begin(i));
    // Checked again, on copies: others may have written to the file since.
    const std::uint64_t first = a.row_begin[row];
    const std::uint64_t key_first = a.key_begin[block];
    const std::uint64_t key_last = a.key_begin[block + 1];
    bool good = key_first <= key_last && key_last <= a.key.size();
    scratch.row_begin.resize(batch.row_count + 1);
    std::uint64_t last = first;
    for (std::size_t r = 0; r <= batch.row_count; ++r) {
      const std::uint64_t at = a.row_begin[row + r];
      good = good && at >= last && at <= a.local.size();
      last = at;
      scratch.row_begin[r] = static_cast<std::uint32_t>(at - first);
    }
    if (!good) return {};
    const auto count = static_cast<std::size_t>(last - first);
    const auto local = a.local.subspan(first, count);
    scratch.local.assign(local.begin(), local.end());
    std::uint32_t largest = 0;
    for (const auto index : scratch.local) largest = std::max(largest, index);
    if (count > 0 && largest >= key_last - key_first) return {};
    batch.row_begin = scratch.row_begin;
    batch.key = a.key.subspan(key_first, key_last - key_first);
    batch.local = scratch.local;
    if (!a.value.empty()) batch.value = a.value.subspan(first, count);
    return batch;
  }

  std::shared_ptr<const Shard> with_block_rows(
      std::uint32_t rows) const override {
    PSM_CHECK(rows == common_.block_rows,
              "a sparse shard's micro-batches are fixed");
    return shared_from_this();
  }

 private:
  Common common_;
  SparseArrays arrays_;
};

// Offsets must start at 0, never fall and end at the size of what they cut.
Status check_offsets(std::span<const std::uint64_t> begin, std::size_t size,
                     const char* name) {
  bool falls = false;
  for (std::size_t i = 1; i < begin.size(); ++i) {
    falls |= begin[i] < begin[i - 1];
  }
  if (falls || begin.front() != 0 || begin.back() != size) {
    return corrupt(format("tensor '{}' does not cut its list in order", name));
  }
  return Done{};
}

// REQUIRES: check_offsets held for key_begin and row_begin
Status check_block(const SparseArrays& a, std::uint64_t block,
                   std::uint64_t row_begin, std::uint64_t row_end) {
  const auto key_count = a.key_begin[block + 1] - a.key_begin[block];
  const auto key = a.key.subspan(a.key_begin[block], key_count);
  std::uint64_t last = 0;
  bool ordered = true;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto m = placement::mixed(key[i]);
    ordered &= i == 0 || m > last;
    last = m;
  }
  if (!ordered) {
    return corrupt(
        format("the keys of micro-batch {} are out of order", block));
  }
  const auto first = a.row_begin[row_begin];
  const auto entry_count = a.row_begin[row_end] - first;
  if (entry_count >= std::numeric_limits<std::uint32_t>::max()) {
    return corrupt(format("micro-batch {} has over 2^32 entries", block));
  }
  std::uint32_t highest = 0;
  for (const auto index : a.local.subspan(first, entry_count)) {
    highest = std::max(highest, index);
  }
  if (entry_count > 0 && highest >= key_count) {
    return corrupt(
        format("micro-batch {} refers to a key that it does not list", block));
  }
  return Done{};
}

Status check_entry_count(std::size_t count, const ShardInfo& info) {
  if (count == info.non_zeros) return Done{};
  return corrupt(
      format("holds {} values, the manifest says {}", count, info.non_zeros));
}

Result<std::shared_ptr<Shard>> open_dense(Common common,
                                          const Manifest& manifest,
                                          const ShardInfo& info) {
  const auto columns = manifest.schema.columns.size();
  PSM_TRY(const auto x,
          shaped<float>(common.file, kXName, {common.rows, columns}));
  PSM_DO(finite(x, kXName));
  PSM_DO(check_tensor_count(common, manifest.weighted ? 3 : 2));
  PSM_DO(check_entry_count(x.size(), info));
  return std::shared_ptr<Shard>(
      std::make_shared<DenseShard>(std::move(common), x, columns));
}

Result<std::shared_ptr<Shard>> open_sparse(Common common,
                                           const Manifest& manifest,
                                           const ShardInfo& info) {
  const auto& file = common.file;
  const auto blocks = common.block_count();
  SparseArrays a;
  PSM_TRY(a.key, listed<Key>(file, kKeyName));
  PSM_TRY(a.key_begin,
          shaped<std::uint64_t>(file, kKeyBeginName, {blocks + 1}));
  PSM_TRY(a.row_begin,
          shaped<std::uint64_t>(file, kRowBeginName, {common.rows + 1}));
  PSM_TRY(a.local, listed<std::uint32_t>(file, kLocalName));
  const bool valued = file.find(kValueName) != nullptr;
  if (valued) {
    PSM_TRY(a.value, shaped<float>(file, kValueName, {a.local.size()}));
    PSM_DO(finite(a.value, kValueName));
  }
  PSM_DO(check_tensor_count(
      common, std::size_t{5} + (valued ? 1 : 0) + (manifest.weighted ? 1 : 0)));
  PSM_DO(check_entry_count(a.local.size(), info));
  PSM_DO(check_offsets(a.key_begin, a.key.size(), kKeyBeginName));
  PSM_DO(check_offsets(a.row_begin, a.local.size(), kRowBeginName));
  for (std::uint64_t i = 0; i < blocks; ++i) {
    PSM_DO(check_block(a, i, common.row_begin(i), common.row_end(i)));
  }
  return std::shared_ptr<Shard>(
      std::make_shared<SparseShard>(std::move(common), a));
}

Result<std::shared_ptr<Shard>> open_bytes(Blob bytes, const Manifest& manifest,
                                          const ShardInfo& info) {
  if (bytes.size() != info.bytes) {
    return corrupt(
        format("has {} bytes, the manifest says {}", bytes.size(), info.bytes));
  }
  if (crc32c(bytes.bytes()) != info.crc32c) {
    return corrupt("the checksum does not match; the file was altered");
  }
  PSM_TRY(auto file, SafeTensors::parse(std::move(bytes)));
  PSM_TRY(auto common, read_common(std::move(file), manifest, info));
  return manifest.dense ? open_dense(std::move(common), manifest, info)
                        : open_sparse(std::move(common), manifest, info);
}

}  // namespace

Result<std::shared_ptr<const Shard>> Shard::open(
    const std::filesystem::path& folder, const Manifest& manifest,
    std::size_t index) {
  PSM_CHECK(index < manifest.shards.size(), "no such shard in the manifest");
  const auto& info = manifest.shards[index];
  PSM_TRY(auto bytes, map_file(folder / info.file));
  auto shard = open_bytes(bytes, manifest, info);
  if (!shard) return std::move(shard.error()).at(info.file);
  (*shard)->whole_ = {std::move(bytes), info.file, info.crc32c};
  return std::shared_ptr<const Shard>(std::move(*shard));
}

Status Shard::unchanged() const {
  const auto bytes = whole_.bytes.bytes();
  auto state = mapped_state(bytes);
  if (state == MappedState::written && crc32c(bytes) == whole_.crc32c) {
    accept_written(bytes);  // touched, or written as it was
    state = mapped_state(bytes);
  }
  if (state == MappedState::same) return Done{};
  return corrupt(format("{}: the file was {} while it was in use", whole_.name,
                        state == MappedState::cut ? "cut" : "written to"));
}

}  // namespace psmith::data
