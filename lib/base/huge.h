// advise_huge: asks for huge pages under a large array that is read at random,
// so that fewer of its addresses miss in the TLB. A hint: nothing depends on
// it. Any thread.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace psmith {

inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

// The whole huge pages within [begin, begin + size).
inline void advise_huge(void* begin, std::size_t size) {
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const auto skip = (kHugePage - address % kHugePage) % kHugePage;
  if (size < skip + kHugePage) return;
  const auto whole = (size - skip) / kHugePage * kHugePage;
  madvise(static_cast<std::byte*>(begin) + skip, whole, MADV_HUGEPAGE);
}

}  // namespace psmith
