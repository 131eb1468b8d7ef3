#include "store/lane_read.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace psmith::store {
namespace {

using placement::Key;

// One lane that holds everything: a bias of one float and a table of width 1.
struct ReadFixture {
  std::vector<std::uint64_t> lanes{1};
  std::vector<std::size_t> sizes{1};
  placement::Placement placement{lanes, sizes, 1};
  KeyCache keys{1000};
  std::vector<std::uint32_t> widths{1};
  std::vector<Key> list{3, 8};
  wire::PushPull request;
  std::vector<Blob> blobs;

  ReadFixture() {
    std::sort(list.begin(), list.end(), placement::mixed_less);
    wire::PushPart part;
    part.leaves = {0, 0, 2};
    part.sums = {1, 1, 1, 0, 0};
    part.lists = {{.dataset = 1,
                   .shard = 0,
                   .begin = 0,
                   .end = 2,
                   .key_count = 2,
                   .has_keys = true}};
    request.push = {part};
    blobs = {Blob::of(std::vector<float>{1}), Blob::of(list),
             Blob::of(std::vector<float>{2, 3})};
  }

  Result<TakenRequest> read() {
    const LaneShape shape{.ranges = placement.ranges(0),
                          .widths = widths,
                          .placement = placement,
                          .lane_index = 0,
                          .keys = keys,
                          .check_owner = true};
    return RequestReader(shape, blobs).read(request, [](std::uint64_t step) {
      return step == 0 ? StepShape{2, false} : StepShape{};
    });
  }
};

}  // namespace

TEST_CASE("a push is read with its keys and values", "[store]") {
  ReadFixture f;
  const auto list = f.list;
  auto taken = f.read();
  REQUIRE(taken.ok());
  const auto& known = *taken->push.at(0).sum.table.at(0).list;
  REQUIRE(known.size() == list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    REQUIRE(placement::unmixed(known.mixed[i]) == list[i]);
  }
  REQUIRE(taken->push.at(0).sum.table.at(0).value == Values{2, 3});
  REQUIRE(taken->added.size() == 1);
  REQUIRE_FALSE(taken->unknown_list);
}

TEST_CASE("a list named without keys must be known", "[store]") {
  ReadFixture f;
  f.request.push[0].lists[0].has_keys = false;
  f.blobs.erase(f.blobs.begin() + 1);
  SECTION("it is not") {
    auto taken = f.read();
    REQUIRE(taken.ok());
    REQUIRE(taken->unknown_list);
  }
  SECTION("it is") {
    const auto known = std::make_shared<KnownList>();
    for (const auto k : f.list) known->mixed.push_back(placement::mixed(k));
    known->row.resize(2);
    f.keys.keep(0, f.request.push[0].lists[0], known);
    auto taken = f.read();
    REQUIRE(taken.ok());
    REQUIRE_FALSE(taken->unknown_list);
  }
}

TEST_CASE("a request that does not fit its blobs is refused", "[store]") {
  ReadFixture f;
  SECTION("keys out of order") {
    std::reverse(f.list.begin(), f.list.end());
    f.blobs[1] = Blob::of(f.list);
  }
  SECTION("a key twice") { f.blobs[1] = Blob::of(std::vector<Key>{3, 3}); }
  SECTION("too few keys") { f.blobs[1] = Blob::of(std::vector<Key>{3}); }
  SECTION("too few values") { f.blobs[2] = Blob::of(std::vector<float>{2}); }
  SECTION("a count that overflows") {
    f.request.push[0].lists[0].key_count = ~std::uint64_t{0} / 2;
  }
  SECTION("no blobs") { f.blobs.clear(); }
  SECTION("a blob too many") { f.blobs.push_back({}); }
  SECTION("no such step") { f.request.push[0].leaves.step = 4; }
  SECTION("no subtree") { f.request.push[0].leaves = {0, 1, 3}; }
  SECTION("no list") { f.request.push[0].lists.clear(); }
  SECTION("a curve that is none") { f.request.push[0].curve = {1, 2}; }
  REQUIRE_FALSE(f.read().ok());
}

TEST_CASE("parts are of one step, in order, and count whole rows", "[store]") {
  ReadFixture f;
  SECTION("a part twice") {
    f.request.push.push_back(f.request.push[0]);
    f.request.push[1].lists[0].has_keys = false;
    f.blobs.push_back(Blob::of(std::vector<float>{1}));
    f.blobs.push_back(Blob::of(std::vector<float>{2, 3}));
  }
  SECTION("no step of the job") { f.request.push[0].leaves.step = 7; }
  SECTION("rows below zero") { f.request.push[0].sums[2] = -1; }
  SECTION("rows beyond counting") { f.request.push[0].sums[2] = 1e19; }
  SECTION("no number of rows") { f.request.push[0].sums[2] = 0.0 / 0.0; }
  SECTION("a pull of no subtree") {
    f.request.pulls = true;
    wire::PullPart part;
    part.leaves = {0, 0, 3};
    part.lists = {{.key_count = 0}};
    f.request.pull = {part};
  }
  SECTION("pulls of a subtree again and again") {
    f.request.pulls = true;
    wire::PullPart part;
    part.leaves = {0, 0, 1};
    part.lists = {{.key_count = 0}};
    f.request.pull.assign(1000, part);
  }
  REQUIRE_FALSE(f.read().ok());
}

}  // namespace psmith::store
