#include "store/sum.h"

#include "base/check.h"

namespace psmith::store {
namespace {

using placement::Key;
using placement::mixed;

void add(std::vector<float>& left, const std::vector<float>& right) {
  PSM_CHECK(left.size() == right.size(), "sums of one shape");
  float* a = left.data();
  const float* b = right.data();
  const std::size_t n = left.size();
  for (std::size_t i = 0; i < n; ++i) a[i] += b[i];
}

void join(TableSum& left, TableSum&& right) {
  if (right.key.empty()) return;
  if (left.key.empty()) {
    left = std::move(right);
    return;
  }
  if (left.key == right.key) {
    add(left.value, right.value);
    return;
  }
  const std::size_t w = left.width;
  TableSum out;
  out.width = left.width;
  out.key.reserve(left.key.size() + right.key.size());
  out.value.reserve(left.value.size() + right.value.size());
  std::size_t i = 0, j = 0;
  const auto take = [&](const TableSum& from, std::size_t row) {
    out.key.push_back(from.key[row]);
    const auto* v = from.value.data() + row * w;
    out.value.insert(out.value.end(), v, v + w);
  };
  while (i < left.key.size() && j < right.key.size()) {
    const auto a = mixed(left.key[i]), b = mixed(right.key[j]);
    if (a < b) {
      take(left, i++);
    } else if (b < a) {
      take(right, j++);
    } else {
      take(left, i);
      for (std::size_t c = 0; c < w; ++c) {
        out.value[out.value.size() - w + c] += right.value[j * w + c];
      }
      ++i, ++j;
    }
  }
  while (i < left.key.size()) take(left, i++);
  while (j < right.key.size()) take(right, j++);
  left = std::move(out);
}

}  // namespace

void join(Sum& left, Sum&& right) {
  PSM_CHECK(left.dense.size() == right.dense.size() &&
                left.table.size() == right.table.size(),
            "sums of one job");
  for (std::size_t i = 0; i < left.dense.size(); ++i) {
    add(left.dense[i], right.dense[i]);
  }
  for (std::size_t i = 0; i < left.table.size(); ++i) {
    join(left.table[i], std::move(right.table[i]));
  }
  left.sums.add(right.sums);
  left.curve.merge(right.curve);
}

std::vector<Key> union_of(std::span<const Key> a, std::span<const Key> b) {
  std::vector<Key> out;
  out.reserve(a.size() + b.size());
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const auto x = mixed(a[i]), y = mixed(b[j]);
    out.push_back(x <= y ? a[i] : b[j]);
    if (x <= y) ++i;
    if (y <= x) ++j;
  }
  out.insert(out.end(), a.begin() + static_cast<std::ptrdiff_t>(i), a.end());
  out.insert(out.end(), b.begin() + static_cast<std::ptrdiff_t>(j), b.end());
  return out;
}

}  // namespace psmith::store
