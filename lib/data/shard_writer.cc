#include "data/shard_writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "data/shard_layout.h"
#include "file/safetensors.h"

namespace psmith::data {
namespace {

using file::TensorInfo;

// Micro-batches a thread that wait for their key lists, or to be stored.
constexpr std::size_t kClosedMax = 4;

template <class T>
ByteView bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

Result<ShardWriter> ShardWriter::create(const std::filesystem::path& file,
                                        const ShardShape& shape,
                                        Workers* workers, KeyCount* keys) {
  PSM_CHECK(shape.block_rows > 0 && shape.dense == (shape.column_count > 0),
            "a shard of no shape");
  PSM_TRY(auto target, AtomicFile::create(file));
  ShardWriter writer(std::move(target), shape, workers, keys);
  if (!shape.dense) {
    PSM_DO(writer.row_begin_.append(bytes_of(std::uint64_t{0})));
    PSM_DO(writer.key_begin_.append(bytes_of(std::uint64_t{0})));
  }
  return writer;
}

ShardWriter::ShardWriter(AtomicFile file, const ShardShape& shape,
                         Workers* workers, KeyCount* keys)
    : file_(std::move(file)),
      shape_(shape),
      label_(folder_of(file_.target()), shape.memory),
      weight_(folder_of(file_.target()), shape.memory),
      x_(folder_of(file_.target()), shape.memory),
      key_(folder_of(file_.target()), shape.memory),
      key_begin_(folder_of(file_.target()), shape.memory),
      row_begin_(folder_of(file_.target()), shape.memory),
      local_(folder_of(file_.target()), shape.memory),
      value_(folder_of(file_.target()), shape.memory),
      workers_(workers),
      keys_(keys),
      open_(std::make_unique<Block>()) {}

ShardWriter::~ShardWriter() {
  for (const auto& block : closed_) {
    if (block->ticket) workers_->await_end(block->ticket);
  }
}

Status ShardWriter::add_common(float label, float weight) {
  ++row_count_;
  PSM_DO(label_.append(bytes_of(label)));
  if (shape_.weighted) PSM_DO(weight_.append(bytes_of(weight)));
  return Done{};
}

Status ShardWriter::add(const DenseRow& row) {
  PSM_CHECK(shape_.dense && row.x.size() == shape_.column_count,
            "a row of another shape");
  PSM_DO(add_common(row.label, row.weight));
  entry_count_ += row.x.size();
  return x_.append(std::as_bytes(row.x));
}

Status ShardWriter::add(const SparseRow& row) {
  PSM_CHECK(!shape_.dense, "a row of another shape");
  PSM_CHECK(row.value.empty() || row.value.size() == row.key.size(),
            "values that do not match their keys");
  if (row.key.size() >=
      std::numeric_limits<std::uint32_t>::max() - open_->key.size()) {
    return Error{Code::exhausted,
                 "over 2^32 entries in one micro-batch; use fewer rows"};
  }
  PSM_DO(add_common(row.label, row.weight));
  PSM_DO(add_value(row.value, row.key.size()));
  open_->key.insert(open_->key.end(), row.key.begin(), row.key.end());
  entry_count_ += row.key.size();
  PSM_DO(row_begin_.append(bytes_of(entry_count_)));
  if (row_count_ % shape_.block_rows == 0) return close_block();
  return Done{};
}

// Ones are only counted until another value comes.
Status ShardWriter::add_value(std::span<const float> value, std::size_t count) {
  const auto is_one = [](float v) { return v == 1.0F; };
  if (all_one_) {
    if (std::all_of(value.begin(), value.end(), is_one)) return Done{};
    all_one_ = false;
    std::vector<float> ones(4096, 1.0F);
    for (std::uint64_t left = entry_count_; left > 0;) {
      const auto n = std::min<std::uint64_t>(left, ones.size());
      PSM_DO(value_.append(
          std::as_bytes(std::span(ones).first(static_cast<std::size_t>(n)))));
      left -= n;
    }
  }
  if (!value.empty()) return value_.append(std::as_bytes(value));
  const std::vector<float> ones(count, 1.0F);
  return value_.append(std::as_bytes(std::span(ones)));
}

Status ShardWriter::close_block() {
  auto* const block = open_.get();
  const auto make = [block] { block->list.build(block->key); };
  std::size_t waiting_max = 0;
  closed_.push_back(std::move(open_));  // first: it must outlast its task
  if (workers_ == nullptr) {
    make();
  } else {
    block->ticket = workers_->start(make);
    waiting_max = kClosedMax * workers_->threads();
  }
  if (closed_.size() > waiting_max) PSM_DO(store_oldest());
  if (stored_.empty()) {
    open_ = std::make_unique<Block>();
  } else {
    open_ = std::move(stored_.back());
    stored_.pop_back();
  }
  return Done{};
}

Status ShardWriter::store_oldest() {
  auto block = std::move(closed_.front());
  closed_.pop_front();
  if (workers_ != nullptr) workers_->wait(block->ticket);
  block->key.clear();
  const auto& list = block->list;
  key_count_ += list.key().size();
  if (keys_ != nullptr) keys_->add(list.key());
  PSM_DO(key_.append(std::as_bytes(list.key())));
  PSM_DO(local_.append(std::as_bytes(list.local())));
  PSM_DO(key_begin_.append(bytes_of(key_count_)));
  stored_.push_back(std::move(block));
  return Done{};
}

Status ShardWriter::settle() {
  const bool open = row_count_ % shape_.block_rows != 0;
  if (!shape_.dense && open && !settled_) PSM_DO(close_block());
  settled_ = true;
  while (!closed_.empty()) PSM_DO(store_oldest());
  return Done{};
}

Result<ShardInfo> ShardWriter::finish() {
  PSM_DO(settle());
  const auto blocks = block_count_of(row_count_, shape_.block_rows);
  std::vector<TensorInfo> infos;
  std::vector<Spool*> spools;
  const auto tensor = [&](const char* name, file::DType dtype,
                          std::vector<std::uint64_t> extents, Spool& spool) {
    infos.push_back({name, dtype, std::move(extents)});
    spools.push_back(&spool);
  };
  tensor(kLabelName, file::DType::f32, {row_count_}, label_);
  if (shape_.weighted) {
    tensor(kWeightName, file::DType::f32, {row_count_}, weight_);
  }
  if (shape_.dense) {
    tensor(kXName, file::DType::f32, {row_count_, shape_.column_count}, x_);
  } else {
    tensor(kKeyName, file::DType::u64, {key_count_}, key_);
    tensor(kKeyBeginName, file::DType::u64, {blocks + 1}, key_begin_);
    tensor(kRowBeginName, file::DType::u64, {row_count_ + 1}, row_begin_);
    tensor(kLocalName, file::DType::u32, {entry_count_}, local_);
    if (!all_one_) tensor(kValueName, file::DType::f32, {entry_count_}, value_);
  }
  ShardInfo info;
  Sha256 digest;
  const auto write = [&](ByteView bytes) -> Status {
    digest.update(bytes);
    info.crc32c = crc32c(bytes, info.crc32c);
    return file_.write(bytes);
  };
  PSM_TRY(const auto text,
          file::header(infos, shard_metadata(shape_.dense, shape_.block_rows)));
  PSM_DO(write(as_bytes(text)));
  for (const auto i : file::data_order(infos)) PSM_DO(spools[i]->drain(write));
  PSM_DO(file_.commit(shape_.durable));
  info.file = file_.target().filename().string();
  info.rows = row_count_;
  info.non_zeros = entry_count_;
  info.bytes = file_.written_bytes();
  info.sha256 = digest.hex();
  return info;
}

}  // namespace psmith::data
