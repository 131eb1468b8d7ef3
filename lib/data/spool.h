// Spool: bytes appended now and written out once, later. The first kSpoolMemory
// bytes stay in memory; then they go to an unnamed file in the folder, which
// vanishes with the Spool or the process. Never more than 2 * kSpoolMemory in
// memory, however long the pieces are. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/path.h"
#include "base/result.h"

namespace psmith::data {

inline constexpr std::size_t kSpoolMemory = std::size_t{1} << 16;

class Spool {
 public:
  explicit Spool(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Errors: as AtomicFile.
  Status append(ByteView bytes);
  std::uint64_t size() const { return size_; }

  // Every byte, in order. Nothing may be appended afterwards.
  Status drain(const std::function<Status(ByteView)>& write);

 private:
  Status spill();

  std::filesystem::path folder_;
  Fd file_;
  std::vector<std::byte> buffer_;
  std::uint64_t size_ = 0;
};

}  // namespace psmith::data
