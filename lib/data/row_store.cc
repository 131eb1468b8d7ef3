#include "data/row_store.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"

namespace psmith::data {
namespace {

// A stored row: U64 sort key | U32 bytes that follow | U32 label | F32 weight
// | U32 entries with the top bit set for dense | F64 x..., or gaps of indices
// as LEB128 and then F32 values.
constexpr std::size_t kPrefix = 12;
constexpr std::uint32_t kDense = 0x80000000;
constexpr unsigned kBits = 6;
constexpr unsigned kDepthMax = 64 / kBits;

// Writes at `out`, which has room.
template <class T>
void put(std::byte*& out, const T& value) {
  std::memcpy(out, &value, sizeof(T));
  out += sizeof(T);
}

template <class T>
void put_all(std::byte*& out, std::span<const T> values) {
  if (!values.empty()) std::memcpy(out, values.data(), values.size_bytes());
  out += values.size_bytes();
}

void put_gap(std::byte*& out, std::uint64_t gap) {
  for (; gap >= 0x80; gap >>= 7) *out++ = static_cast<std::byte>(gap | 0x80);
  *out++ = static_cast<std::byte>(gap);
}

std::uint64_t take_gap(const std::byte*& p) {
  auto gap = static_cast<std::uint64_t>(*p++);
  if (gap < 0x80) return gap;
  gap &= 0x7f;
  for (unsigned shift = 7;; shift += 7) {
    const auto byte = static_cast<std::uint64_t>(*p++);
    gap |= (byte & 0x7f) << shift;
    if (byte < 0x80) return gap;
  }
}

constexpr std::size_t kGapMax = 10;  // bytes
constexpr std::size_t kHead = kPrefix + 12;

// The row's bytes, in `memory`.
ByteView encode(const StoredRow& row, std::vector<std::byte>& memory) {
  const bool dense = !row.x.empty();
  const auto count = dense ? row.x.size() : row.index.size();
  const auto each = dense ? sizeof(double) : kGapMax + sizeof(float);
  const auto room = kHead + count * each;
  if (memory.size() < room) memory.resize(room);
  auto* out = memory.data() + kPrefix;
  put(out, row.label);
  put(out, row.weight);
  put(out, static_cast<std::uint32_t>(count) | (dense ? kDense : 0));
  if (dense) {
    put_all(out, row.x);
  } else {
    std::uint64_t last = 0;
    for (const auto index : row.index) {
      put_gap(out, index - last);
      last = index;
    }
    put_all(out, row.value);
  }
  const auto size = static_cast<std::size_t>(out - memory.data());
  auto* prefix = memory.data();
  put(prefix, row.sort_key);
  put(prefix, static_cast<std::uint32_t>(size - kPrefix));
  return ByteView(memory).first(size);
}

// A row with its arrays.
struct DecodedRow {
  StoredRow row;
  std::vector<double> x;
  std::vector<std::uint64_t> index;
  std::vector<float> value;

  void decode(ByteView bytes) {
    row.sort_key = load_le<std::uint64_t>(bytes);
    row.label = load_le<std::uint32_t>(bytes, kPrefix);
    row.weight = load_le<float>(bytes, kPrefix + 4);
    const auto word = load_le<std::uint32_t>(bytes, kPrefix + 8);
    const std::size_t count = word & ~kDense;
    if ((word & kDense) != 0) {
      x.resize(count);
      std::memcpy(x.data(), bytes.data() + kHead, count * sizeof(double));
      row.x = x;
      return;
    }
    index.resize(count);
    value.resize(count);
    std::uint64_t last = 0;
    const std::byte* p = bytes.data() + kHead;
    for (auto& key : index) key = last += take_gap(p);
    if (count > 0) std::memcpy(value.data(), p, count * sizeof(float));
    row.index = index;
    row.value = value;
  }
};

std::size_t record_bytes(ByteView bytes) {
  return kPrefix + load_le<std::uint32_t>(bytes, 8);
}

// Calls `use` with each whole record of a spool; one piece is in memory.
Status for_each_record(Spool& bucket,
                       const std::function<Status(ByteView)>& use) {
  std::vector<std::byte> rest;
  const auto piece = [&](ByteView bytes) -> Status {
    rest.insert(rest.end(), bytes.begin(), bytes.end());
    const ByteView all(rest);
    std::size_t at = 0;
    while (all.size() - at >= kPrefix) {
      const auto size = record_bytes(all.subspan(at));
      if (all.size() - at < size) break;
      PSM_DO(use(all.subspan(at, size)));
      at += size;
    }
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(at));
    return Done{};
  };
  PSM_DO(bucket.drain(piece));
  PSM_CHECK(rest.empty(), "a spool ends inside a row");
  return Done{};
}

std::vector<Spool> make_buckets(const RowStoreOptions& options) {
  const std::size_t count = options.ordered ? 1 : std::size_t{1} << kBits;
  std::vector<Spool> buckets;
  for (std::size_t i = 0; i < count; ++i) buckets.emplace_back(options.folder);
  return buckets;
}

std::size_t bucket_at(std::uint64_t sort_key, unsigned depth) {
  return static_cast<std::size_t>((sort_key << (depth * kBits)) >>
                                  (64 - kBits));
}

}  // namespace

RowStore::RowStore(const RowStoreOptions& options)
    : options_(options), buckets_(make_buckets(options)) {}

Status RowStore::add(const StoredRow& row) {
  ++row_count_;
  entry_count_ += row.x.size() + row.index.size();
  const auto bucket = options_.ordered ? 0 : bucket_at(row.sort_key, 0);
  return buckets_[bucket].append(encode(row, record_));
}

Status RowStore::drain(const Give& give) {
  for (auto& bucket : buckets_) {
    PSM_DO(drain_bucket(bucket, 0, give));
    bucket = Spool(options_.folder);  // its memory and file go
  }
  return Done{};
}

Status RowStore::stream(Spool& bucket, const Give& give) {
  DecodedRow decoded;
  return for_each_record(bucket, [&](ByteView bytes) -> Status {
    decoded.decode(bytes);
    return give(decoded.row);
  });
}

Status RowStore::drain_bucket(Spool& bucket, unsigned depth, const Give& give) {
  if (options_.ordered) return stream(bucket, give);
  if (bucket.size() > options_.memory / 8 * 3 && depth + 1 < kDepthMax) {
    return divide(bucket, depth + 1, give);
  }
  std::vector<std::byte> bytes;
  bytes.reserve(bucket.size());
  PSM_DO(bucket.drain([&](ByteView piece) -> Status {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return Done{};
  }));
  std::vector<std::pair<std::uint64_t, std::size_t>> order;  // key, offset
  for (std::size_t at = 0; at < bytes.size();) {
    const auto rest = ByteView(bytes).subspan(at);
    order.emplace_back(load_le<std::uint64_t>(rest), at);
    at += record_bytes(rest);
  }
  std::sort(order.begin(), order.end());
  DecodedRow decoded;
  for (const auto& [key, at] : order) {
    decoded.decode(ByteView(bytes).subspan(at));
    PSM_DO(give(decoded.row));
  }
  return Done{};
}

Status RowStore::divide(Spool& bucket, unsigned depth, const Give& give) {
  auto parts = make_buckets(options_);
  PSM_DO(for_each_record(bucket, [&](ByteView bytes) -> Status {
    const auto key = load_le<std::uint64_t>(bytes);
    return parts[bucket_at(key, depth)].append(bytes);
  }));
  bucket = Spool(options_.folder);
  for (auto& part : parts) {
    PSM_DO(drain_bucket(part, depth, give));
    part = Spool(options_.folder);
  }
  return Done{};
}

}  // namespace psmith::data
