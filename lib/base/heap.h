// keep_freed_memory: lets the allocator keep what is freed, within limits.
// Messages of some hundred KB come and go with every step; given back to the
// system each time, their pages cost more than their bytes. For main(), before
// other threads are.
#pragma once

#include <malloc.h>

namespace psmith {

inline void keep_freed_memory() {
  constexpr int kMapped = 8 << 20;  // from here on an array is mapped alone
  constexpr int kKept = 32 << 20;   // free at the end of a heap
  mallopt(M_MMAP_THRESHOLD, kMapped);
  mallopt(M_TRIM_THRESHOLD, kKept);
}

}  // namespace psmith
