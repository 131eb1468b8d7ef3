#include "node/served_model.h"

#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "base/rng.h"
#include "tests/node/dense_model.h"

using namespace psmith;
using namespace psmith::node;

namespace {

using Served = std::shared_ptr<const ServedModel>;

data::SavedModel sparse_model() {
  data::SavedModel saved;
  saved.settings = {.kind = model::Kind::linear};
  saved.dense = {{0.25F}};
  saved.key = {3, 7, std::uint64_t{1} << 60U};
  saved.table = {1, 10, 100};
  return saved;
}

Served served(data::SavedModel saved) {
  auto made = ServedModel::make(std::move(saved));
  REQUIRE(made);
  return std::move(*made);
}

struct Sparse {
  std::vector<std::uint64_t> key;
  std::vector<std::uint32_t> row_begin, local;
  std::vector<float> value;
};

Result<std::vector<float>> predict(const Served& model, const Sparse& rows,
                                   std::uint64_t row_count) {
  wire::Predict request;
  request.row_count = row_count;
  const std::vector<Blob> blobs{Blob::of(rows.key), Blob::of(rows.row_begin),
                                Blob::of(rows.local), Blob::of(rows.value)};
  return model->predict(request, blobs);
}

Result<std::vector<float>> predict(const Served& model, std::vector<float> x,
                                   std::uint64_t columns) {
  wire::Predict request;
  request.row_count = x.size() / columns;
  request.column_count = columns;
  const std::vector<Blob> blobs{Blob::of(std::move(x))};
  return model->predict(request, blobs);
}

}  // namespace

TEST_CASE("dense rows give the outputs of each class", "[node]") {
  auto raw = predict(served(dense_model()), {1, 0, 0, 0, 1, 1}, 3);
  REQUIRE(raw);
  REQUIRE(*raw == std::vector<float>{1.5F, 3.5F, 5.5F, 10.5F});
}

TEST_CASE("sparse rows find their weights by key", "[node]") {
  const Sparse rows{.key = {std::uint64_t{1} << 60U, 7, 5, 3},
                    .row_begin = {0, 2, 2, 5},
                    .local = {3, 1, 0, 2, 1},
                    .value = {2, 1, 1, 50, 3}};
  auto raw = predict(served(sparse_model()), rows, 3);
  REQUIRE(raw);
  REQUIRE(*raw == std::vector<float>{12.25F, 0.25F, 130.25F});
}

TEST_CASE("sparse rows without values have ones", "[node]") {
  const Sparse rows{
      .key = {3, 7}, .row_begin = {0, 2}, .local = {0, 1}, .value = {}};
  auto raw = predict(served(sparse_model()), rows, 1);
  REQUIRE(raw);
  REQUIRE(*raw == std::vector<float>{11.25F});
}

TEST_CASE("a model whose shapes do not fit together is refused", "[node]") {
  auto dense = dense_model();
  auto sparse = sparse_model();
  SECTION("a tensor is missing") { dense.dense.pop_back(); }
  SECTION("a tensor is short") { dense.dense[0].pop_back(); }
  SECTION("a table in a dense model") { dense.table = {1}; }
  SECTION("fewer classes than two") { dense.settings.class_count = 1; }
  SECTION("no columns") { dense.settings.column_count = 0; }
  SECTION("a short table") {
    sparse.table.pop_back();
    dense = sparse;
  }
  REQUIRE_FALSE(ServedModel::make(dense));
}

TEST_CASE("sparse rows that do not fit together are refused", "[node]") {
  Sparse rows{
      .key = {3, 7}, .row_begin = {0, 1, 2}, .local = {0, 1}, .value = {1, 1}};
  std::uint64_t row_count = 2;
  SECTION("too few offsets") { row_count = 3; }
  SECTION("no rows") { row_count = 0; }
  SECTION("more rows than memory") { row_count = ~std::uint64_t{0}; }
  SECTION("a first offset past 0") { rows.row_begin[0] = 1; }
  SECTION("falling offsets") { rows.row_begin[1] = 9; }
  SECTION("a last offset short of the end") { rows.row_begin[2] = 1; }
  SECTION("an entry without a key") { rows.local[1] = 2; }
  SECTION("too few values") { rows.value.pop_back(); }
  REQUIRE_FALSE(predict(served(sparse_model()), rows, row_count));
}

TEST_CASE("rows of the other kind, or of another width, are refused",
          "[node]") {
  const Sparse rows{.key = {3}, .row_begin = {0, 1}, .local = {0}, .value = {}};
  REQUIRE_FALSE(predict(served(dense_model()), rows, 1));
  REQUIRE_FALSE(predict(served(sparse_model()), {1, 2, 3}, 3));
  REQUIRE_FALSE(predict(served(dense_model()), {1, 2, 3, 4}, 3));
  REQUIRE_FALSE(predict(served(dense_model()), {1, 2, 3, 4}, 4));
}

TEST_CASE("any bytes as frames are answered or refused", "[node]") {
  const auto dense = served(dense_model());
  const auto sparse = served(sparse_model());
  int answered = 0;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    Rng rng(seed);
    wire::Predict request;
    request.row_count = rng.below(4);
    request.column_count = rng.below(2) * 3;
    std::vector<Blob> blobs;
    for (auto left = rng.below(6); left > 0; --left) {
      std::vector<std::byte> bytes(static_cast<std::size_t>(rng.below(40)));
      for (auto& b : bytes) b = static_cast<std::byte>(rng.below(3));
      blobs.push_back(Blob::of(std::move(bytes)));
    }
    const auto& model = rng.below(2) ? dense : sparse;
    if (model->predict(request, blobs)) ++answered;
  }
  REQUIRE(answered > 0);
  REQUIRE(answered < 5000);
}

TEST_CASE("many keys and many classes cost memory for neither", "[node]") {
  constexpr std::uint32_t kClasses = 1000, kKeys = 1000000;
  data::SavedModel saved;
  saved.settings = {.kind = model::Kind::softmax, .class_count = kClasses};
  saved.dense = {std::vector<float>(kClasses, 0.5F)};
  saved.key = {7, 9};
  saved.table.assign(2 * kClasses, 1);
  const auto model = served(std::move(saved));
  Sparse rows{.key = {}, .row_begin = {0, kKeys}, .local = {}, .value = {}};
  for (std::uint32_t i = 0; i < kKeys; ++i) {
    rows.key.push_back(i % 2 == 0 ? i : 7);
  }
  rows.local = {1, 2, 3, 4, 9};
  rows.row_begin = {0, 5};
  rusage before{}, after{};
  REQUIRE(getrusage(RUSAGE_SELF, &before) == 0);
  auto raw = predict(model, rows, 1);
  REQUIRE(getrusage(RUSAGE_SELF, &after) == 0);
  REQUIRE(raw);
  REQUIRE(*raw == std::vector<float>(kClasses, 3.5F));   // key 7 three times
  REQUIRE(after.ru_maxrss - before.ru_maxrss < 200000);  // KiB; rows: 4 GB
}

TEST_CASE("keys by entry give the bits that a list of keys gives", "[node]") {
  for (const std::uint32_t classes : {0U, 3U}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      INFO(classes << " classes, seed " << seed);
      Rng rng(seed);
      const bool small = seed % 2 == 0;
      const auto key = [&] { return small ? rng.below(500) : rng.next(); };
      data::SavedModel saved;
      saved.settings = {
          .kind = classes > 0 ? model::Kind::softmax : model::Kind::logistic,
          .class_count = classes};
      const std::size_t width = std::max(classes, 1U);
      saved.dense = {std::vector<float>(width, 0.5F)};
      std::set<std::uint64_t> known;
      for (int i = 0; i < 300; ++i) known.insert(key());
      saved.key.assign(known.begin(), known.end());
      for (std::size_t i = 0; i < saved.key.size() * width; ++i) {
        saved.table.push_back(static_cast<float>(rng.normal()));
      }
      Sparse listed, entries;
      listed.row_begin = entries.row_begin = {0};
      // One row longer than what is summed at a time, and empty ones.
      for (const std::uint32_t size : {0U, 7U, 2000U, 5000U, 1U, 60U, 0U}) {
        for (std::uint32_t i = 0; i < size; ++i) {
          const auto& keys = saved.key;
          const bool hit = rng.below(3) > 0;
          const auto at = static_cast<std::size_t>(rng.below(keys.size()));
          entries.key.push_back(hit ? keys[at] : key());
          entries.value.push_back(static_cast<float>(rng.normal()));
        }
        const auto end = static_cast<std::uint32_t>(entries.key.size());
        entries.row_begin.push_back(end);
      }
      if (seed % 3 == 0) entries.value.clear();
      listed.row_begin = entries.row_begin;
      listed.value = entries.value;
      const std::set<std::uint64_t> distinct(entries.key.begin(),
                                             entries.key.end());
      listed.key.assign(distinct.begin(), distinct.end());
      for (const auto k : entries.key) {
        listed.local.push_back(static_cast<std::uint32_t>(
            std::lower_bound(listed.key.begin(), listed.key.end(), k) -
            listed.key.begin()));
      }
      const auto model = served(std::move(saved));
      auto want = predict(model, listed, 7);
      auto have = predict(model, entries, 7);
      REQUIRE(want);
      REQUIRE(have);
      REQUIRE(*want == *have);
    }
  }
}

TEST_CASE("keys by entry that do not fit the rows are refused", "[node]") {
  Sparse rows{
      .key = {3, 7, 7}, .row_begin = {0, 1, 3}, .local = {}, .value = {}};
  const auto model = served(sparse_model());
  auto raw = predict(model, rows, 2);
  REQUIRE(raw);
  REQUIRE(*raw == std::vector<float>{1.25F, 20.25F});
  SECTION("a key too many") { rows.key.push_back(3); }
  SECTION("a key too few") { rows.key.pop_back(); }
  SECTION("a value too few") { rows.value = {1, 1}; }
  SECTION("indices of some entries") { rows.local = {0, 1}; }
  REQUIRE_FALSE(predict(model, rows, 2));
}

TEST_CASE("blobs that are not aligned give the same", "[node]") {
  const Sparse rows{.key = {3, 7, 7},
                    .row_begin = {0, 1, 3},
                    .local = {},
                    .value = {2, 3, 5}};
  const auto shifted = [](const auto& values) {
    std::vector<std::byte> bytes(1);
    const auto view = std::as_bytes(std::span(values));
    bytes.insert(bytes.end(), view.begin(), view.end());
    const auto blob = Blob::of(std::move(bytes));
    return Blob(blob.owner(), blob.bytes().subspan(1));
  };
  wire::Predict request;
  request.row_count = 2;
  const std::vector<Blob> blobs{shifted(rows.key), shifted(rows.row_begin),
                                Blob(), shifted(rows.value)};
  auto raw = served(sparse_model())->predict(request, blobs);
  REQUIRE(raw);
  REQUIRE(*raw == std::vector<float>{2.25F, 80.25F});
}

TEST_CASE("a row has the same bits in whatever batch it comes", "[node]") {
  constexpr std::size_t kColumns = 37, kClasses = 11, kRows = 70;
  Rng rng(5);
  const auto random = [&](std::size_t n) {
    std::vector<float> values(n);
    for (auto& v : values) v = static_cast<float>(rng.normal());
    return values;
  };
  data::SavedModel saved;
  saved.settings = {.kind = model::Kind::softmax,
                    .dense = true,
                    .column_count = kColumns,
                    .class_count = kClasses};
  saved.dense = {random(kColumns * kClasses), random(kClasses)};
  const auto model = served(std::move(saved));
  const auto x = random(kRows * kColumns);
  const auto part = [&](std::size_t begin, std::size_t end) {
    return std::vector<float>(
        x.begin() + static_cast<std::ptrdiff_t>(begin * kColumns),
        x.begin() + static_cast<std::ptrdiff_t>(end * kColumns));
  };
  auto whole = predict(model, x, kColumns);
  REQUIRE(whole);
  for (std::size_t begin = 0; begin < kRows; begin += 7) {
    for (std::size_t end = begin + 1; end <= kRows; end += 4) {
      INFO(begin << " to " << end);
      auto raw = predict(model, part(begin, end), kColumns);
      REQUIRE(raw);
      REQUIRE(std::equal(
          raw->begin(), raw->end(),
          whole->begin() + static_cast<std::ptrdiff_t>(begin * kClasses)));
    }
  }
}
