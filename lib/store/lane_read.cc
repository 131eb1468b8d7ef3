#include "store/lane_read.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "store/tree.h"

namespace psmith::store {

using placement::Key;

Result<Blob> RequestReader::next() {
  if (next_ == blobs_.size()) {
    return error(Code::invalid, "too few blobs: {}", blobs_.size());
  }
  return std::move(blobs_[next_++]);
}

Status RequestReader::at_end() const {
  if (next_ == blobs_.size()) return Done{};
  return error(Code::invalid, "{} blobs too many", blobs_.size() - next_);
}

Result<Values> RequestReader::floats(std::size_t count) {
  PSM_TRY(Blob blob, next());
  if (blob.size() != count * sizeof(float)) {
    return error(Code::invalid, "a blob of {} bytes where {} floats belong",
                 blob.size(), count);
  }
  return Values(std::move(blob));
}

Result<std::shared_ptr<KnownList>> RequestReader::list(
    std::size_t table, const wire::KeyList& name, TakenRequest& out) {
  if (name.key_count == 0) return std::make_shared<KnownList>();
  if (!name.has_keys) {
    auto known = shape_.keys.find(table, name);
    if (!known) {
      for (const auto& added : out.added) {
        if (added.table == table && added.name.dataset == name.dataset &&
            added.name.shard == name.shard && added.name.begin == name.begin &&
            added.name.end == name.end) {
          known = added.list;
        }
      }
    }
    if (known && known->size() == name.key_count) return known;
    out.unknown_list = true;
    return std::make_shared<KnownList>();
  }
  PSM_TRY(const Blob blob, next());
  if (blob.size() % sizeof(Key) != 0 || blob.count<Key>() != name.key_count) {
    return error(Code::invalid, "a key list of {} bytes where {} keys belong",
                 blob.size(), name.key_count);
  }
  auto list = std::make_shared<KnownList>();
  list->mixed.resize(blob.count<Key>());
  PSM_DO(take_keys(blob, table, list->mixed));
  list->row.assign(list->size(), Table::kNone);
  out.added.push_back({table, name, list});
  return list;
}

// Mixes the keys of a blob; checks their order and whose they are.
Status RequestReader::take_keys(const Blob& blob, std::size_t table,
                                std::span<std::uint64_t> mixed) const {
  const auto lane_of = shape_.placement.bucket_lanes(table);
  bool ordered = true, ours = true;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    const auto m =
        placement::mixed(load_le<Key>(blob.bytes(), i * sizeof(Key)));
    ordered &= i == 0 || last < m;
    ours &= lane_of[placement::bucket_of_mixed(m)] == shape_.lane_index;
    mixed[i] = last = m;
  }
  if (ordered && (ours || !shape_.check_owner)) return Done{};
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    if (i != 0 && mixed[i - 1] >= mixed[i]) {
      return error(Code::invalid, "key {} of a list is out of order", i);
    }
    if (shape_.check_owner &&
        lane_of[placement::bucket_of_mixed(mixed[i])] != shape_.lane_index) {
      return error(Code::invalid, "key {} of a list belongs to another lane",
                   i);
    }
  }
  return Done{};
}

Status RequestReader::check_leaves(const wire::Leaves& leaves,
                                   std::uint64_t step, StepShape shape,
                                   std::uint32_t begin_min) {
  if (leaves.step != step) {
    return error(Code::invalid, "leaves of step {} among those of step {}",
                 leaves.step, step);
  }
  if (!is_node({leaves.begin, leaves.end}, shape.leaf_count)) {
    return error(Code::invalid, "leaves {}-{} are no subtree of {}",
                 leaves.begin, leaves.end, shape.leaf_count);
  }
  if (leaves.begin < begin_min) {
    return error(Code::invalid, "leaves {}-{} are out of order", leaves.begin,
                 leaves.end);
  }
  return Done{};
}

Status RequestReader::read_push(const wire::PushPart& part, StepShape step,
                                TakenRequest& out) {
  TakenRequest::Part taken{.leaves = part.leaves, .sum = {}};
  if (part.sums.size() != taken.sum.sums.value.size()) {
    return error(Code::invalid, "{} metric sums", part.sums.size());
  }
  std::copy(part.sums.begin(), part.sums.end(), taken.sum.sums.value.begin());
  // A loss that is not finite is the job's affair; a count is not.
  constexpr double kRowMax = 1099511627776.0;  // 2^40
  const double rows = taken.sum.sums[model::Sums::rows];
  if (!(rows >= 0 && rows <= kRowMax && rows == std::trunc(rows))) {
    return error(Code::invalid, "a push of {} rows", rows);
  }
  PSM_TRY(taken.sum.curve, model::Curve::from_flat(part.curve));
  if (step.eval) {
    out.push.push_back(std::move(taken));
    return Done{};
  }
  if (part.lists.size() != shape_.widths.size()) {
    return error(Code::invalid, "{} key lists for {} tables", part.lists.size(),
                 shape_.widths.size());
  }
  for (const auto& range : shape_.ranges) {
    PSM_TRY(auto values, floats(range.size()));
    taken.sum.dense.push_back(std::move(values));
  }
  for (std::size_t t = 0; t < shape_.widths.size(); ++t) {
    PSM_TRY(const auto known, list(t, part.lists[t], out));
    PSM_TRY(auto values, floats(part.lists[t].key_count * shape_.widths[t]));
    taken.sum.table.push_back({shape_.widths[t], known, std::move(values)});
  }
  out.push.push_back(std::move(taken));
  return Done{};
}

Status RequestReader::read_pull(const wire::PullPart& part, TakenRequest& out) {
  if (part.lists.size() != shape_.widths.size()) {
    return error(Code::invalid, "{} key lists for {} tables", part.lists.size(),
                 shape_.widths.size());
  }
  for (std::size_t t = 0; t < shape_.widths.size(); ++t) {
    PSM_TRY(auto known, list(t, part.lists[t], out));
    out.pull.push_back(std::move(known));
  }
  return Done{};
}

}  // namespace psmith::store
