#include "store/sum.h"

#include <algorithm>

#include "base/check.h"

namespace psmith::store {
namespace {

// An absent key adds nothing: -0, which changes no float, not even 0.
constexpr float kNothing = -0.0F;

// Both lists, each with its end after the last key.
struct Side {
  const std::uint64_t* mixed;
  const std::uint32_t* row;
  const float* value;
  std::size_t size;
};

Side side_of(const TableSum& sum) {
  return {.mixed = sum.list->mixed.data(),
          .row = sum.list->row.data(),
          .value = sum.value.data(),
          .size = sum.list->size()};
}

// Merges until one side ends; no branch depends on the keys. The rows written.
std::size_t merge(const Side& left, const Side& right, std::size_t& i,
                  std::size_t& j, std::size_t width, KnownList& list,
                  float* out) {
  auto* const mixed = list.mixed.data();
  auto* const row = list.row.data();
  std::size_t n = 0;
  while (i < left.size && j < right.size) {
    const auto a = left.mixed[i], b = right.mixed[j];
    const bool in_left = a <= b, in_right = b <= a;
    mixed[n] = in_left ? a : b;
    row[n] = in_left ? left.row[i] : right.row[j];
    const float* const x = left.value + i * width;
    const float* const y = right.value + j * width;
    for (std::size_t c = 0; c < width; ++c) {
      out[n * width + c] =
          (in_left ? x[c] : kNothing) + (in_right ? y[c] : kNothing);
    }
    i += in_left ? 1 : 0;
    j += in_right ? 1 : 0;
    ++n;
  }
  return n;
}

void copy_rest(const Side& from, std::size_t begin, std::size_t width,
               KnownList& list, float* out, std::size_t& n) {
  const auto count = from.size - begin;
  std::copy_n(from.mixed + begin, count, list.mixed.data() + n);
  std::copy_n(from.row + begin, count, list.row.data() + n);
  std::copy_n(from.value + begin * width, count * width, out + n * width);
  n += count;
}

// The same by places that are known.
void join(TableSum& left, const TableSum& right, const JoinPlan& plan) {
  const std::size_t w = left.width;
  std::vector<float> value(plan.both->size() * w, kNothing);
  const auto add = [&](const std::vector<std::uint32_t>& place,
                       const float* from) {
    if (w == 1) {
      for (std::size_t i = 0; i < place.size(); ++i) value[place[i]] += from[i];
      return;
    }
    for (std::size_t i = 0; i < place.size(); ++i) {
      float* const to = value.data() + place[i] * w;
      for (std::size_t c = 0; c < w; ++c) to[c] += from[i * w + c];
    }
  };
  add(plan.left_place, left.value.data());
  add(plan.right_place, right.value.data());
  left = {.width = left.width, .list = plan.both, .value = std::move(value)};
}

void join(TableSum& left, TableSum&& right, JoinCache* joins) {
  if (right.list->size() == 0) return;
  if (left.list->size() == 0) {
    left = std::move(right);
    return;
  }
  if (left.list == right.list || left.list->mixed == right.list->mixed) {
    left.value.add(right.value);
    return;
  }
  if (joins != nullptr && left.list->kept && right.list->kept) {
    if (const auto* plan = joins->plan(left.list, right.list)) {
      return join(left, right, *plan);
    }
  }
  const std::size_t w = left.width;
  const auto a = side_of(left), b = side_of(right);
  auto list = std::make_shared<KnownList>();
  list->mixed.resize(a.size + b.size);
  list->row.resize(a.size + b.size);
  std::vector<float> value((a.size + b.size) * w);
  std::size_t i = 0, j = 0;
  auto n = w == 1 ? merge(a, b, i, j, 1, *list, value.data())
                  : merge(a, b, i, j, w, *list, value.data());
  copy_rest(a, i, w, *list, value.data(), n);
  copy_rest(b, j, w, *list, value.data(), n);
  list->mixed.resize(n);
  list->row.resize(n);
  list->resolved = left.list->resolved && right.list->resolved;
  value.resize(n * w);
  left = {
      .width = left.width, .list = std::move(list), .value = std::move(value)};
}

}  // namespace

void join(Sum& left, Sum&& right, JoinCache* joins) {
  PSM_CHECK(left.dense.size() == right.dense.size() &&
                left.table.size() == right.table.size(),
            "sums of one job");
  for (std::size_t i = 0; i < left.dense.size(); ++i) {
    left.dense[i].add(right.dense[i]);
  }
  for (std::size_t i = 0; i < left.table.size(); ++i) {
    join(left.table[i], std::move(right.table[i]), joins);
  }
  left.sums.add(right.sums);
  left.curve.merge(right.curve);
}

}  // namespace psmith::store
