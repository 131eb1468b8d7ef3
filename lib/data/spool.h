// Spool: bytes appended now and written out once, later. They stay in memory
// while there is some to be had; what came before it ran out goes to an unnamed
// file in the folder, which vanishes with the Spool or the process.
//
// SpoolMemory: the memory that several Spools share, in pieces of kSpoolMemory.
// Each Spool has one such piece of its own besides, and needs no other but to
// read its file back. A Spool
// is used by one thread at a time, its SpoolMemory by any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "base/path.h"
#include "base/result.h"

namespace psmith::data {

inline constexpr std::size_t kSpoolMemory = std::size_t{1} << 16;

class SpoolMemory {
 public:
  using Piece = std::unique_ptr<std::byte[]>;

  explicit SpoolMemory(std::uint64_t bytes) : left_(bytes / kSpoolMemory) {}

  // kSpoolMemory bytes; null: all are in use.
  Piece take();
  void give(Piece piece);

 private:
  std::mutex mutex_;
  std::uint64_t left_;  // pieces never made yet
  std::vector<Piece> free_;
};

class Spool {
 public:
  // memory: null: none but its own; must outlive the Spool
  explicit Spool(std::filesystem::path folder, SpoolMemory* memory = nullptr)
      : folder_(std::move(folder)), memory_(memory) {}
  Spool(Spool&&) = default;
  Spool& operator=(Spool&& other) noexcept;
  ~Spool();

  // Errors: as AtomicFile.
  Status append(ByteView bytes);
  std::uint64_t size() const { return size_; }

  // Every byte, in order. Nothing may be appended afterwards.
  Status drain(const std::function<Status(ByteView)>& write);

 private:
  void give_back();
  Status make_room();
  Status spill();
  ByteView tail() const { return {tail_.get(), tail_bytes_}; }
  Status read_file(const std::function<Status(ByteView)>& write);

  std::filesystem::path folder_;
  SpoolMemory* memory_;
  Fd file_;                               // the first bytes
  std::vector<SpoolMemory::Piece> held_;  // then these, full
  SpoolMemory::Piece tail_;               // then the first of these
  std::size_t tail_bytes_ = 0;
  std::uint64_t file_bytes_ = 0, size_ = 0;
};

}  // namespace psmith::data
