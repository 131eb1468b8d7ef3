#include "node/tile_sum.h"

#include <algorithm>

#include "base/check.h"

namespace psmith::node {
namespace {

constexpr float kNothing = -0.0F;

}  // namespace

void TileSum::add(Entry& left, const Entry& right, std::size_t size) {
  if (!right.any) return;
  float* __restrict a = left.value;
  const float* __restrict b = right.value;
  if (left.any) {
    for (std::size_t i = 0; i < size; ++i) a[i] += b[i];
  } else {
    std::copy_n(b, size, a);
  }
  left.any = true;
}

// The part's values in the places of its keys; false if it has none here.
bool TileSum::spread(const KeyPlan::Part& part, std::uint32_t begin,
                     std::uint32_t end, float* out, std::size_t depth) {
  const auto& place = part.place;
  const auto first = part.first_from(begin);
  if (first == place.size() || place[first] >= end) return false;
  std::fill_n(out, std::size_t{end - begin} * width_, kNothing);
  const float* from = nullptr;
  if (part.plan) {
    const auto last = part.first_from(end);
    auto& inner = levels_[depth].part;
    inner.resize((last - first) * width_);
    sum(*part.plan, static_cast<std::uint32_t>(first),
        static_cast<std::uint32_t>(last), inner.data(), depth + 1);
    from = inner.data();
  } else {
    from = leaf_[part.node.begin - first_leaf_].data() + first * width_;
  }
  if (width_ == 1) {
    for (auto i = first; i < place.size() && place[i] < end; ++i) {
      out[place[i] - begin] = *from++;
    }
    return true;
  }
  for (auto i = first; i < place.size() && place[i] < end; ++i) {
    std::copy_n(from, width_, out + std::size_t{place[i] - begin} * width_);
    from += width_;
  }
  return true;
}

void TileSum::sum(const KeyPlan& plan, std::uint32_t begin, std::uint32_t end,
                  float* out, std::size_t depth) {
  if (levels_.size() == depth) levels_.emplace_back();
  auto& level = levels_[depth];
  const auto size = std::size_t{end - begin} * width_;
  std::array<Entry, kEntries> entry;
  entry[0].value = out;
  for (std::size_t k = 1; k < kEntries; ++k) {
    level.buffer[k].resize(std::max(level.buffer[k].size(), size));
    entry[k].value = level.buffer[k].data();
  }
  std::size_t count = 0;
  for (std::size_t p = 0; p < plan.part.size(); ++p) {
    entry[count].any =
        spread(plan.part[p], begin, end, entry[count].value, depth);
    for (auto full = p; (full & 1) != 0; full >>= 1) {
      --count;
      add(entry[count], entry[count + 1], size);
    }
    ++count;
  }
  for (; count > 1; --count) add(entry[count - 2], entry[count - 1], size);
  PSM_CHECK(entry[0].any, "a key of a plan is a key of one of its parts");
}

}  // namespace psmith::node
