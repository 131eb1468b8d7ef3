// One synchronous step in four leases (two workers, two half-step leases
// each), from gradients to new weights on one thread: along the reduction tree
// as psmith does it, and as plain summation in the order of arrival: each lease
// adds leaf after leaf into one sum, the server lease after lease into another,
// and for both it is known where each key stands in the sum.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "base/rng.h"
#include "tests/bench/lab.h"
#include "tests/bench/rows.h"
#include "tests/bench/worker.h"

namespace psmith::bench {
namespace {

constexpr std::uint32_t kLeases = 4;
constexpr std::uint32_t kClasses = 10;  // dense
constexpr float kWeight = 0.01F;

using Keys = std::vector<placement::Key>;
using Places = std::vector<std::uint32_t>;

Leaves sparse_leaves(std::uint32_t count) {
  Leaves out;
  out.count = count;
  const auto rows = pick(125, 10);  // of a leaf
  out.sparse = blocks_of(zipf_rows({.rows = rows * count}), rows);
  return out;
}

Leaves dense_leaves(std::uint32_t count) {
  Leaves out;
  out.count = count;
  out.columns = 784;
  out.label.resize(pick(32, 4) * count);
  out.x.resize(out.label.size() * out.columns);
  Rng rng(1);
  for (auto& x : out.x) x = static_cast<float>(rng.uniform());
  for (auto& y : out.label) y = static_cast<float>(rng.below(kClasses));
  return out;
}

// What both ways share: the step, and the lane that applies it.
struct Job {
  Job(bool sparse, std::uint32_t leaf_count)
      : leaves(sparse ? sparse_leaves(leaf_count) : dense_leaves(leaf_count)),
        model(model::make_model({.kind = sparse ? model::Kind::logistic
                                                : model::Kind::softmax,
                                 .dense = !sparse,
                                 .column_count = leaves.columns,
                                 .class_count = sparse ? 0 : kClasses})
                  .value(1)),
        nodes(leases_of(leaf_count)),
        worker(*model, leaves, nodes, kWeight),
        lane({.columns = leaves.columns,
              .classes = sparse ? 0 : kClasses,
              .leaves = leaf_count}) {}

  static std::vector<store::Node> leases_of(std::uint32_t leaf_count) {
    std::vector<store::Node> out;
    for (std::uint32_t i = 0; i < kLeases; ++i) {
      out.push_back({i * leaf_count / kLeases, (i + 1) * leaf_count / kLeases});
    }
    return out;
  }

  void push(store::Node node, std::uint32_t list, LeaseSum sum,
            const Blob& key) {
    std::vector<Blob> dense;
    for (auto& tensor : sum.dense) dense.push_back(Blob::of(std::move(tensor)));
    lane.push(node.begin, node.end, list, std::move(dense), key,
              Blob::of(std::move(sum.value)));
  }

  void count_features(benchmark::State& state) const {
    auto count = leaves.x.size();
    for (const auto& block : leaves.sparse) count += block.local.size();
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(count));
  }

  Leaves leaves;
  std::unique_ptr<const model::Model> model;
  std::vector<store::Node> nodes;  // of the leases
  Worker worker;
  InnerLane lane;
};

void tree(benchmark::State& state, bool sparse) {
  Job job(sparse, static_cast<std::uint32_t>(state.range(0)));
  std::vector<Blob> key(kLeases);
  for (std::size_t i = 0; sparse && i < kLeases; ++i) {
    key[i] = Blob::of(job.worker.keys(i));
  }
  const auto step = [&] {
    for (std::uint32_t i = 0; i < kLeases; ++i) {
      job.push(job.nodes[i], i, job.worker.sum(i), key[i]);
    }
  };
  step();
  for (auto _ : state) step();
  job.count_features(state);
}

// Where each key stands in a list that has them all.
Places places_of(const Keys& key, const Keys& list) {
  Places out;
  std::uint32_t at = 0;
  for (const auto k : key) {
    while (list[at] != k) ++at;
    out.push_back(at);
  }
  return out;
}

Keys union_of(const Keys& a, const Keys& b) {
  Keys out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(),
                 std::back_inserter(out), placement::mixed_less);
  return out;
}

// to[place[i]] += from[i]
void add_at(const Places& place, const std::vector<float>& from,
            std::vector<float>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[place[i]] += from[i];
}

class Arrival {
 public:
  explicit Arrival(Job& job) : job_(job), sparse_(!job.leaves.sparse.empty()) {
    if (!sparse_) return;
    for (std::size_t i = 0; i < kLeases; ++i) {
      lists_.push_back(job.worker.keys(i));
      all_ = union_of(all_, lists_[i]);
    }
    key_ = Blob::of(all_);
    for (std::size_t i = 0; i < kLeases; ++i) {
      lease_.push_back(places_of(lists_[i], all_));
      for (auto leaf = job.nodes[i].begin; leaf < job.nodes[i].end; ++leaf) {
        leaf_.push_back(places_of(job.leaves.sparse[leaf].key, lists_[i]));
      }
    }
  }

  void step() {
    LeaseSum sum = empty(all_.size());
    for (std::size_t i = 0; i < kLeases; ++i) {
      const auto part = lease(i);
      for (std::size_t t = 0; t < part.dense.size(); ++t) {
        for (std::size_t j = 0; j < part.dense[t].size(); ++j) {
          sum.dense[t][j] += part.dense[t][j];
        }
      }
      if (sparse_) add_at(lease_[i], part.value, sum.value);
    }
    job_.push({0, job_.leaves.count}, 0, std::move(sum), key_);
  }

 private:
  LeaseSum empty(std::size_t key_count) const {
    LeaseSum sum;
    for (const auto& tensor : job_.model->tensors()) {
      sum.dense.emplace_back(tensor.size());
    }
    sum.value.resize(key_count);
    return sum;
  }

  LeaseSum lease(std::size_t i) {
    LeaseSum sum = empty(sparse_ ? lists_[i].size() : 0);
    const auto node = job_.nodes[i];
    for (auto leaf = node.begin; leaf < node.end; ++leaf) add(leaf, i, sum);
    return sum;
  }

  void add(std::uint32_t leaf, std::size_t lease, LeaseSum& sum) {
    const auto batch = job_.leaves.leaf(leaf);
    const auto& tensors = job_.model->tensors();
    dense_.resize(tensors.size());
    std::vector<std::span<const float>> dense, table;
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      dense_[t].assign(tensors[t].size(), kWeight);
      dense.emplace_back(dense_[t]);
    }
    std::vector<std::span<float>> dense_out(sum.dense.begin(), sum.dense.end()),
        table_out;
    if (sparse_) {
      pulled_.resize(lists_[lease].size(), kWeight);
      rows_.resize(batch.key.size());
      for (std::size_t k = 0; k < rows_.size(); ++k) {
        rows_[k] = pulled_[leaf_[leaf][k]];
      }
      gradient_.assign(rows_.size(), 0);
      table = {rows_};
      table_out = {gradient_};
    }
    model::Sums sums;
    job_.model->loss_and_gradient(batch, {.dense = dense, .table = table},
                                  {.dense = dense_out, .table = table_out},
                                  sums);
    if (sparse_) add_at(leaf_[leaf], gradient_, sum.value);
  }

  Job& job_;
  bool sparse_;
  std::vector<Keys> lists_;    // by lease
  Keys all_;                   // of the step
  Blob key_;                   // the same
  std::vector<Places> lease_;  // by lease, in all_
  std::vector<Places> leaf_;   // by leaf, in its lease's list
  std::vector<std::vector<float>> dense_;
  std::vector<float> pulled_, rows_, gradient_;
};

void arrival(benchmark::State& state, bool sparse) {
  Job job(sparse, static_cast<std::uint32_t>(state.range(0)));
  Arrival plain(job);
  plain.step();
  for (auto _ : state) plain.step();
  job.count_features(state);
}

void sparse_tree(benchmark::State& state) { tree(state, true); }
void sparse_arrival(benchmark::State& state) { arrival(state, true); }
void dense_tree(benchmark::State& state) { tree(state, false); }
void dense_arrival(benchmark::State& state) { arrival(state, false); }

BENCHMARK(sparse_tree)->Name("bsp_sparse_8/psmith")->Arg(8);
BENCHMARK(sparse_arrival)->Name("bsp_sparse_8/arrival")->Arg(8);
BENCHMARK(sparse_tree)->Name("bsp_sparse_32/psmith")->Arg(32);
BENCHMARK(sparse_arrival)->Name("bsp_sparse_32/arrival")->Arg(32);
BENCHMARK(dense_tree)->Name("bsp_dense_8/psmith")->Arg(8);
BENCHMARK(dense_arrival)->Name("bsp_dense_8/arrival")->Arg(8);

}  // namespace
}  // namespace psmith::bench
