#include "client/infer_chunk.h"

#include <algorithm>
#include <mutex>
#include <span>
#include <utility>

#include "base/check.h"
#include "data/apply.h"

namespace psmith::client {
namespace {

// The first `size` values, shared with their owner.
template <class T>
Blob blob_of(const std::shared_ptr<InferBlock>& owner,
             const std::vector<T>& values, std::size_t size) {
  return Blob(owner, std::as_bytes(std::span(values).first(size)));
}

}  // namespace

struct InferBlockPool::Spare {
  void put(std::unique_ptr<InferBlock> block) {
    const std::lock_guard lock(mutex);
    if (blocks.size() < max) blocks.push_back(std::move(block));
  }

  std::mutex mutex;  // guards what follows
  std::size_t max = 0;
  std::vector<std::unique_ptr<InferBlock>> blocks;
};

InferBlockPool::InferBlockPool(std::size_t spare_max)
    : spare_(std::make_shared<Spare>()) {
  spare_->max = spare_max;
  spare_->blocks.reserve(spare_max);  // so that put() throws nothing
}

std::shared_ptr<InferBlock> InferBlockPool::take() {
  std::unique_ptr<InferBlock> block;
  {
    const std::lock_guard lock(spare_->mutex);
    if (!spare_->blocks.empty()) {
      block = std::move(spare_->blocks.back());
      spare_->blocks.pop_back();
    }
  }
  if (!block) block = std::make_unique<InferBlock>();
  return {block.release(), [spare = spare_](InferBlock* unused) {
            spare->put(std::unique_ptr<InferBlock>(unused));
          }};
}

InferRequest request_of(const data::Schema& schema, const InferChunk& chunk) {
  InferBlock& block = *chunk.block;
  const auto& records = block.records;
  const auto rows = chunk.row_count;
  PSM_CHECK(rows > 0 && rows <= records.row_count, "rows of the chunk");
  InferRequest request;
  request.body.row_count = rows;
  if (records.dense) {
    const auto d = records.column_count;
    request.body.column_count = d;
    block.x.resize(rows * d);
    data::standardise_rows(schema.columns, std::span(records.x).first(rows * d),
                           block.x);
    request.blobs = {blob_of(chunk.block, block.x, rows * d)};
    return request;
  }
  block.row_begin.resize(rows + 1);
  std::transform(
      records.row_begin.begin(),
      records.row_begin.begin() + static_cast<std::ptrdiff_t>(rows + 1),
      block.row_begin.begin(),
      [](auto at) { return static_cast<std::uint32_t>(at); });
  const std::size_t entries = block.row_begin.back();
  const auto value = std::span(records.value).first(entries);
  const bool ones = std::all_of(value.begin(), value.end(),
                                [](float v) { return v == 1.0F; });
  // Each entry brings its key: a list of the distinct ones would cost more to
  // make than it saves.
  request.blobs = {blob_of(chunk.block, records.index, entries),
                   blob_of(chunk.block, block.row_begin, rows + 1), Blob(),
                   blob_of(chunk.block, records.value, ones ? 0 : entries)};
  return request;
}

}  // namespace psmith::client
