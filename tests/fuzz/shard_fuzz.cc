// Shards: of one that opens every micro-batch keeps what the header promises,
// so that nobody who computes with it needs to look.
//
// Input: options and sizes (6 bytes), a change of one byte (4 bytes), and
//   with the first option: the whole file;
//   else: numbers for the tensors of a shard that is well formed but for them.
#include <cmath>

#include "base/digest.h"
#include "data/shard.h"
#include "data/shard_layout.h"
#include "input.h"
#include "placement/key.h"

namespace psmith::fuzz {
namespace {

using data::Manifest;
using data::ShardInfo;
using placement::Key;

struct Options {
  bool raw, dense, weighted, valued, offsets_good, keys_good, locals_good;
  std::uint64_t rows, columns, keys;
  std::uint32_t block_rows;

  explicit Options(Taker& input) {
    const auto flags = input.byte();
    raw = (flags & 1U) != 0;
    dense = (flags & 2U) != 0;
    weighted = (flags & 4U) != 0;
    valued = (flags & 8U) != 0;
    offsets_good = (flags & 16U) != 0;
    keys_good = (flags & 32U) != 0;
    locals_good = (flags & 64U) != 0;
    rows = input.byte() % 32;
    columns = 1 + input.byte() % 4;
    keys = input.byte() % 32;
    block_rows = 1U + input.byte() % 8U;
    input.byte();
  }
  std::uint64_t blocks() const {
    return data::block_count_of(rows, block_rows);
  }
};

// The file's tensors, filled from the input.
class Builder {
 public:
  Builder(const Options& options, Taker& input)
      : options_(options), input_(input) {}

  std::string build(std::uint64_t& entries) {
    add(data::kLabelName, floats(options_.rows), {options_.rows});
    if (options_.weighted) {
      auto weight = floats(options_.rows);
      if (options_.keys_good) {
        for (auto& w : weight) w = std::fabs(w);
      }
      add(data::kWeightName, std::move(weight), {options_.rows});
    }
    if (options_.dense) {
      entries = options_.rows * options_.columns;
      add(data::kXName, floats(entries), {options_.rows, options_.columns});
    } else {
      entries = sparse();
    }
    std::string bytes;
    const auto append = [&](ByteView piece) -> Status {
      bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return Done{};
    };
    const auto metadata =
        data::shard_metadata(options_.dense, options_.block_rows);
    PSM_CHECK(file::write_tensors(tensors_, metadata, append).ok(), "a file");
    return bytes;
  }

 private:
  std::uint64_t sparse() {
    auto row_begin = offsets(options_.rows);
    const auto entries = options_.offsets_good ? row_begin.back() : 16;
    auto key_begin = offsets(options_.blocks());
    const auto keys = options_.offsets_good ? key_begin.back() : options_.keys;
    std::vector<Key> key(keys);
    for (auto& k : key) k = input_.byte();
    for (std::size_t b = 0;
         options_.offsets_good && options_.keys_good && b < options_.blocks();
         ++b) {
      const auto at = [&](std::uint64_t i) {
        return key.begin() + static_cast<std::ptrdiff_t>(i);
      };
      std::sort(at(key_begin[b]), at(key_begin[b + 1]), placement::mixed_less);
    }
    std::vector<std::uint32_t> local(entries);
    for (auto& l : local) {
      l = input_.byte();
      if (options_.locals_good) l %= 4;
    }
    add(data::kKeyName, std::move(key), {keys});
    add(data::kKeyBeginName, std::move(key_begin), {options_.blocks() + 1});
    add(data::kRowBeginName, std::move(row_begin), {options_.rows + 1});
    add(data::kLocalName, std::move(local), {entries});
    if (options_.valued) add(data::kValueName, floats(entries), {entries});
    return entries;
  }

  std::vector<float> floats(std::uint64_t count) {
    std::vector<float> out(count);
    for (auto& value : out) {
      const auto byte = input_.byte();
      value =
          byte == 255 ? input_.number<float>() : static_cast<float>(byte) - 100;
    }
    return out;
  }
  std::vector<std::uint64_t> offsets(std::uint64_t count) {
    std::vector<std::uint64_t> out(count + 1);
    for (std::size_t i = 1; i <= count; ++i) {
      const auto byte = input_.byte();
      out[i] = options_.offsets_good ? out[i - 1] + byte % 8 : byte;
    }
    return out;
  }
  template <class T>
  void add(const char* name, std::vector<T> values,
           std::vector<std::uint64_t> shape) {
    const auto blob = Blob::of(std::move(values));
    held_.push_back(blob);
    tensors_.push_back(
        {{name, file::dtype_of<T>(), std::move(shape)}, blob.bytes()});
  }

  const Options& options_;
  Taker& input_;
  std::vector<Blob> held_;
  std::vector<file::Tensor> tensors_;
};

void check_finite(std::span<const float> values) {
  for (const float v : values) PSM_CHECK(std::isfinite(v), "a finite number");
}

void check_sparse(const tensor::Batch& batch) {
  PSM_CHECK(batch.row_begin.size() == batch.row_count + 1, "row offsets");
  PSM_CHECK(batch.row_begin.front() == 0, "the first offset");
  PSM_CHECK(std::is_sorted(batch.row_begin.begin(), batch.row_begin.end()),
            "rows in order");
  PSM_CHECK(batch.row_begin.back() == batch.local.size(), "the last offset");
  PSM_CHECK(batch.value.empty() || batch.value.size() == batch.local.size(),
            "a value for each entry");
  for (const auto local : batch.local) {
    PSM_CHECK(local < batch.key.size(), "an entry of a key that is listed");
  }
  for (std::size_t i = 1; i < batch.key.size(); ++i) {
    PSM_CHECK(placement::mixed_less(batch.key[i - 1], batch.key[i]),
              "keys in order");
  }
  check_finite(batch.value);
}

void check(const data::Shard& shard, const Options& options) {
  PSM_CHECK(shard.row_count() == options.rows, "the manifest's rows");
  data::Shard::Scratch scratch;
  std::uint64_t rows = 0;
  for (std::uint64_t i = 0; i < shard.block_count(); ++i) {
    const auto batch = shard.block(i, scratch);
    rows += batch.row_count;
    PSM_CHECK(batch.row_count > 0 && batch.row_count <= options.block_rows,
              "rows of a micro-batch");
    PSM_CHECK(batch.label.size() == batch.row_count, "a label for each row");
    check_finite(batch.label);
    check_finite(batch.weight);
    for (const float w : batch.weight) PSM_CHECK(w >= 0, "a weight");
    if (options.dense) {
      PSM_CHECK(batch.x.size() == batch.row_count * options.columns, "values");
      check_finite(batch.x);
    } else {
      check_sparse(batch);
    }
  }
  PSM_CHECK(rows == options.rows, "every row in one micro-batch");
  PSM_CHECK(shard.unchanged().ok(), "nobody wrote to it");
}

void run(Taker input) {
  const Options options(input);
  const auto at = input.number<std::uint16_t>();
  const auto change = input.number<std::uint16_t>();
  ShardInfo info;
  std::string bytes(input.rest());
  info.non_zeros = options.rows * options.columns;
  if (!options.raw) bytes = Builder(options, input).build(info.non_zeros);
  if (change != 0 && !bytes.empty()) {
    auto& byte = bytes[at % bytes.size()];
    byte = static_cast<char>(byte ^ static_cast<char>(change));
  }
  static MemoryFile file;
  file.hold(bytes);
  info.file = std::to_string(file.fd());
  info.rows = options.rows;
  info.bytes = bytes.size();
  info.crc32c = crc32c(as_bytes(bytes));
  Manifest manifest;
  manifest.dense = options.dense;
  manifest.weighted = options.weighted;
  manifest.block_rows = options.block_rows;
  manifest.schema.columns.resize(options.columns);
  manifest.shards = {info};
  auto shard = data::Shard::open("/proc/self/fd", manifest, 0);
  if (shard) return check(**shard, options);
  PSM_CHECK(shard.error().code == Code::corrupt, "a refusal");
  PSM_CHECK(shard.error().message.starts_with(info.file + ": "),
            "a refusal names the file");
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
