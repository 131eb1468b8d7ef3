#include "node/compute.h"

#include <catch2/catch.hpp>

#include "tests/sim/scenario.h"

namespace psmith::node {
namespace {

// The work of one step of a scenario, with all weights 0.
Work work_of(const model::Model& model, const Compute& compute,
             std::uint32_t leaves) {
  const std::vector<std::uint64_t> lanes{1};
  std::vector<std::size_t> sizes;
  Work work;
  for (const auto& tensor : model.tensors()) {
    sizes.push_back(tensor.size());
    work.dense.emplace_back(tensor.size());
  }
  const placement::Placement place(lanes, sizes, model.tables().size());
  work.step = {.block_count = leaves};
  work.nodes = {{0, leaves}};
  for (std::size_t t = 0; t < model.tables().size(); ++t) {
    work.lists.push_back(
        split_list(place, t, compute.keys(work.step, work.nodes[0])));
    work.values.emplace_back(work.lists[0].key.size() *
                             model.tables()[t].width);
  }
  return work;
}

}  // namespace

TEST_CASE("a subtree's sum is the join of its children's", "[node]") {
  for (std::uint64_t seed = 1; seed < 60; ++seed) {
    const auto s = sim::draw(seed);
    const sim::Data data(s.spec, seed);
    const auto blocks = s.spec.train.shape.block_count(0);
    const auto leaves = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(blocks, s.spec.group_blocks));
    if (leaves < 2) continue;
    const auto model = model::make_model(s.spec.model).value(1);
    const Compute compute(*model, s.spec.classes, data);
    const auto work = work_of(*model, compute, leaves);
    const auto middle = store::middle_of({0, leaves});
    const auto whole = compute.sum(work, 0, {0, leaves}).value(1);
    auto left = compute.sum(work, 0, {0, middle}).value(1);
    store::join(left, compute.sum(work, 0, {middle, leaves}).value(1));
    REQUIRE(whole.dense == left.dense);
    REQUIRE(whole.sums.value == left.sums.value);
    for (std::size_t t = 0; t < whole.table.size(); ++t) {
      REQUIRE(whole.table[t].key == left.table[t].key);
      REQUIRE(whole.table[t].value == left.table[t].value);
    }
  }
}

TEST_CASE("a label that is no class is an error that names it", "[node]") {
  auto s = sim::draw(1);
  s.spec.model = {
      .kind = model::Kind::logistic, .dense = true, .column_count = 2};
  s.spec.classes = {0, 1};
  const sim::Data data(s.spec, 1);
  const std::vector<float> other{5, 6};
  const auto model = model::make_model(s.spec.model).value(1);
  const Compute compute(*model, other, data);
  const auto work = work_of(*model, compute, 1);
  auto sum = compute.sum(work, 0, {0, 1});
  REQUIRE_FALSE(sum.ok());
  REQUIRE(sum.error().message.find("label") == 0);
}

TEST_CASE("a standardised label gives losses in the label's units", "[node]") {
  auto s = sim::draw(1);
  s.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = 2};
  s.spec.classes = {};
  const sim::Data data(s.spec, 1);
  const double mean = 3, scale = 0.25;
  const auto plain = model::make_model(s.spec.model).value(1);
  s.spec.model.label_mean = mean;
  s.spec.model.label_scale = scale;
  const auto standard = model::make_model(s.spec.model).value(1);
  const Compute raw(*plain, s.spec.classes, data);
  const Compute scaled(*standard, s.spec.classes, data);
  auto work = work_of(*plain, raw, 1);
  const auto zero = scaled.sum(work, 0, {0, 1}).value(1);
  work.dense[1] = {static_cast<float>(mean)};  // the same predictions
  const auto same = raw.sum(work, 0, {0, 1}).value(1);
  for (const auto field : {model::Sums::loss, model::Sums::squared_error}) {
    REQUIRE(same.sums[field] > 0);
    REQUIRE(zero.sums[field] == Approx(same.sums[field]));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(zero.dense[0][i] * scale == Approx(same.dense[0][i]).margin(1e-4));
  }
}

}  // namespace psmith::node
