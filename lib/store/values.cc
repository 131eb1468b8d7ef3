#include "store/values.h"

#include <cstdint>

#include "base/check.h"

namespace psmith::store {

Values::Values(Blob blob) {
  const auto* const data = blob.bytes().data();
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(float) != 0) {
    own_ = blob.values<float>();
    view_ = own_;
    return;
  }
  blob_ = std::move(blob);
  view_ = {reinterpret_cast<const float*>(data), blob_.count<float>()};
}

void Values::add(const Values& right) {
  PSM_CHECK(size() == right.size(), "sums of one shape");
  const float* const b = right.data();
  const std::size_t n = size();
  if (own_.empty() && n > 0) {
    const float* const a = data();
    std::vector<float> sum(n);
    for (std::size_t i = 0; i < n; ++i) sum[i] = a[i] + b[i];
    *this = Values(std::move(sum));
    return;
  }
  float* const a = own_.data();
  for (std::size_t i = 0; i < n; ++i) a[i] += b[i];
}

}  // namespace psmith::store
