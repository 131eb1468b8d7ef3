#include "client/infer_chunk.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace psmith;
using namespace psmith::client;

namespace {

data::Schema schema_of(data::Format format) {
  data::Schema schema;
  schema.format = format;
  if (format == data::Format::csv) schema.columns = {{"a", 1, 2}, {"b", 0, 1}};
  return schema;
}

// Rows {5: 2, 9: 3}, {}, {5: value}.
InferChunk sparse_chunk(InferBlockPool& pool, float value) {
  InferChunk chunk;
  chunk.block = pool.take();
  auto& records = chunk.block->records;
  records.clear();
  records.index = {5, 9, 5};
  records.value = {2, 3, value};
  records.row_begin = {0, 2, 2, 3};
  records.row_count = records.record_count = 3;
  chunk.record_count = chunk.row_count = 3;
  return chunk;
}

}  // namespace

TEST_CASE("sparse rows are asked about with the keys of their entries",
          "[client]") {
  InferBlockPool pool(1);
  auto chunk = sparse_chunk(pool, 7);
  const auto schema = schema_of(data::Format::libsvm);
  auto request = request_of(schema, chunk);
  REQUIRE(request.body.row_count == 3);
  REQUIRE(request.body.column_count == 0);
  REQUIRE(request.blobs.size() == 4);
  REQUIRE(request.blobs[0].values<std::uint64_t>() ==
          std::vector<std::uint64_t>{5, 9, 5});
  REQUIRE(request.blobs[1].values<std::uint32_t>() ==
          std::vector<std::uint32_t>{0, 2, 2, 3});
  REQUIRE(request.blobs[2].size() == 0);
  REQUIRE(request.blobs[3].values<float>() == std::vector<float>{2, 3, 7});
  SECTION("and without a copy") {
    REQUIRE(static_cast<const void*>(request.blobs[0].bytes().data()) ==
            chunk.records().index.data());
  }
  SECTION("of the rows to be answered only") {
    chunk.record_count = chunk.row_count = 2;
    request = request_of(schema, chunk);
    REQUIRE(request.blobs[0].count<std::uint64_t>() == 2);
    REQUIRE(request.blobs[1].count<std::uint32_t>() == 3);
    REQUIRE(request.blobs[3].count<float>() == 2);
  }
}

TEST_CASE("values that are all 1 stay at home", "[client]") {
  InferBlockPool pool(1);
  auto chunk = sparse_chunk(pool, 1);
  chunk.block->records.value = {1, 1, 1};
  const auto schema = schema_of(data::Format::libsvm);
  REQUIRE(request_of(schema, chunk).blobs[3].size() == 0);
  chunk.block->records.value = {1, 1, 2};
  REQUIRE(request_of(schema, chunk).blobs[3].count<float>() == 3);
}

TEST_CASE("dense rows are asked about as they were trained", "[client]") {
  InferBlockPool pool(1);
  InferChunk chunk;
  chunk.block = pool.take();
  auto& records = chunk.block->records;
  records.dense = true;
  records.column_count = 2;
  records.x = {3, 4, 5, 6};
  records.row_count = records.record_count = 2;
  chunk.record_count = chunk.row_count = 2;
  const auto schema = schema_of(data::Format::csv);
  auto request = request_of(schema, chunk);
  REQUIRE(request.body.row_count == 2);
  REQUIRE(request.body.column_count == 2);
  REQUIRE(request.blobs.size() == 1);
  REQUIRE(request.blobs[0].values<float>() == std::vector<float>{1, 4, 2, 6});
  chunk.row_count = 1;
  request = request_of(schema, chunk);
  REQUIRE(request.blobs[0].values<float>() == std::vector<float>{1, 4});
}

TEST_CASE("a block comes back when its last user lets go", "[client]") {
  InferBlockPool pool(1);
  auto chunk = sparse_chunk(pool, 7);
  const auto* const block = chunk.block.get();
  auto request = request_of(schema_of(data::Format::libsvm), chunk);
  chunk.block.reset();  // written; but a socket still holds the request
  auto other = pool.take();
  REQUIRE(other.get() != block);
  std::jthread([&] { request.blobs.clear(); }).join();
  REQUIRE(pool.take().get() == block);
}

TEST_CASE("a pool keeps no more blocks than it is told to", "[client]") {
  InferBlockPool pool(1);
  std::weak_ptr<InferBlock> second;
  {
    auto a = pool.take();
    auto b = pool.take();
    second = b;
  }
  REQUIRE(second.expired());
  const auto* const kept = pool.take().get();
  REQUIRE(pool.take().get() == kept);
}

TEST_CASE("a block may outlive its pool", "[client]") {
  std::shared_ptr<InferBlock> block;
  {
    InferBlockPool pool(2);
    block = pool.take();
  }
  block->x = {1, 2};
  REQUIRE(block->x.size() == 2);
}
