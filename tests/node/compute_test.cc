#include "node/compute.h"

#include <catch2/catch.hpp>

#include "tests/sim/scenario.h"

namespace psmith::node {
namespace {

placement::Placement one_lane(const model::Model& model) {
  const std::vector<std::uint64_t> lanes{1};
  std::vector<std::size_t> sizes;
  for (const auto& tensor : model.tensors()) sizes.push_back(tensor.size());
  return placement::Placement(lanes, sizes, model.tables().size());
}

// The work of some leaves of a scenario's first step, with all weights 0.
Work work_of(const model::Model& model, const Compute& compute,
             const placement::Placement& place, store::Node node) {
  Work work;
  for (const auto& tensor : model.tensors()) {
    work.dense.emplace_back(tensor.size());
  }
  work.step = {.block_count = node.end};
  work.nodes = {node};
  if (!model.tables().empty()) {
    work.plans.push_back(compute.plan(work.step, work.nodes[0], place));
  }
  for (const auto& table : model.tables()) {
    work.values.emplace_back(work.plans[0]->key.size() * table.width);
  }
  return work;
}

// The sum over leaves [begin, end), joined sibling by sibling from the leaves'
// own plans and sums.
store::Sum joined(const model::Model& model, const Compute& compute,
                  const placement::Placement& place, store::Node node) {
  if (node.size() > 1) {
    const auto middle = store::middle_of(node);
    auto left = joined(model, compute, place, {node.begin, middle});
    store::join(left, joined(model, compute, place, {middle, node.end}));
    return left;
  }
  auto work = work_of(model, compute, place, node);
  auto sum = compute.whole(work, 0).value(1);
  for (auto& table : sum.table) {
    table.list = std::make_shared<store::KnownList>();
    for (const auto key : work.plans[0]->key) {
      table.list->mixed.push_back(placement::mixed(key));
    }
    table.list->row.resize(table.list->size());
  }
  return sum;
}

}  // namespace

TEST_CASE("a subtree's sum is the join of its children's", "[node]") {
  for (std::uint64_t seed = 1; seed < 60; ++seed) {
    const auto s = sim::draw(seed);
    const sim::Data data(s.spec, seed);
    const auto leaves =
        static_cast<std::uint32_t>(s.spec.train.shape.block_count(0));
    if (leaves < 2) continue;
    const auto model = model::make_model(s.spec.model).value(1);
    const Compute compute(*model, s.spec.classes, data);
    const auto place = one_lane(*model);
    const auto work = work_of(*model, compute, place, {0, leaves});
    const auto whole = compute.whole(work, 0).value(1);
    const auto parts = joined(*model, compute, place, {0, leaves});
    REQUIRE(whole.dense == parts.dense);
    REQUIRE(whole.sums.value == parts.sums.value);
    for (std::size_t t = 0; t < whole.table.size(); ++t) {
      REQUIRE(work.plans[0]->key.size() == parts.table[t].list->size());
      REQUIRE(whole.table[t].value == parts.table[t].value);
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
  const auto work = work_of(*model, compute, one_lane(*model), {0, 1});
  auto sum = compute.whole(work, 0);
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
  auto work = work_of(*plain, raw, one_lane(*plain), {0, 1});
  const auto zero = scaled.whole(work, 0).value(1);
  work.dense[1] = {static_cast<float>(mean)};  // the same predictions
  const auto same = raw.whole(work, 0).value(1);
  for (const auto field : {model::Sums::loss, model::Sums::squared_error}) {
    REQUIRE(same.sums[field] > 0);
    REQUIRE(zero.sums[field] == Approx(same.sums[field]));
  }
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(zero.dense[0][i] * scale == Approx(same.dense[0][i]).margin(1e-4));
  }
}

}  // namespace psmith::node
