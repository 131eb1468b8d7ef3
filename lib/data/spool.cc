#include "data/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/format.h"

namespace psmith::data {
namespace {

std::string file_in(const std::filesystem::path& folder) {
  return "a temporary file in " + folder.string();
}

Result<Fd> open_unnamed(const std::filesystem::path& folder) {
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  // Some file systems know no unnamed files: a named one loses its name.
  auto name = (folder / ".psmith-spool-XXXXXX").string();
  fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) {
    return error(Code::invalid, "cannot create {}: {}", file_in(folder),
                 errno_text(errno));
  }
  ::unlink(name.c_str());
  return fd;
}

}  // namespace

SpoolMemory::Piece SpoolMemory::take() {
  const std::lock_guard lock(mutex_);
  if (!free_.empty()) {
    auto piece = std::move(free_.back());
    free_.pop_back();
    return piece;
  }
  if (left_ == 0) return nullptr;
  --left_;
  return std::make_unique_for_overwrite<std::byte[]>(kSpoolMemory);
}

void SpoolMemory::give(Piece piece) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(piece));
}

void Spool::give_back() {
  for (auto& piece : held_) {
    if (piece) memory_->give(std::move(piece));
  }
  held_.clear();
}

Spool::~Spool() { give_back(); }

Spool& Spool::operator=(Spool&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  folder_ = std::move(other.folder_);
  memory_ = other.memory_;
  file_ = std::move(other.file_);
  held_ = std::move(other.held_);
  tail_ = std::move(other.tail_);
  tail_bytes_ = std::exchange(other.tail_bytes_, 0);
  file_bytes_ = std::exchange(other.file_bytes_, 0);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

// The tail is full, or there is none yet.
Status Spool::make_room() {
  if (tail_ == nullptr) {
    tail_ = std::make_unique_for_overwrite<std::byte[]>(kSpoolMemory);
    return Done{};
  }
  auto next = memory_ == nullptr || file_ ? nullptr : memory_->take();
  if (next == nullptr) return spill();
  held_.push_back(std::move(tail_));
  tail_ = std::move(next);
  tail_bytes_ = 0;
  return Done{};
}

// All that is in memory goes to the file.
Status Spool::spill() {
  if (!file_) {
    PSM_TRY(file_, open_unnamed(folder_));
  }
  const auto put = [&](ByteView bytes) -> Status {
    file_bytes_ += bytes.size();
    return write_all(file_.get(), bytes, file_in(folder_));
  };
  for (auto& piece : held_) {
    PSM_DO(put({piece.get(), kSpoolMemory}));
    memory_->give(std::move(piece));
  }
  held_.clear();
  PSM_DO(put(tail()));
  tail_bytes_ = 0;
  return Done{};
}

Status Spool::append(ByteView bytes) {
  size_ += bytes.size();
  if (bytes.size() >= kSpoolMemory && (memory_ == nullptr || file_)) {
    PSM_DO(spill());
    file_bytes_ += bytes.size();
    return write_all(file_.get(), bytes, file_in(folder_));
  }
  while (!bytes.empty()) {
    if (tail_ == nullptr || tail_bytes_ == kSpoolMemory) PSM_DO(make_room());
    const auto count = std::min(bytes.size(), kSpoolMemory - tail_bytes_);
    std::memcpy(tail_.get() + tail_bytes_, bytes.data(), count);
    tail_bytes_ += count;
    bytes = bytes.subspan(count);
  }
  return Done{};
}

Status Spool::read_file(const std::function<Status(ByteView)>& write) {
  std::vector<std::byte> piece(kSpoolMemory);
  for (std::uint64_t at = 0; at < file_bytes_;) {
    const auto n = ::pread(file_.get(), piece.data(), piece.size(),
                           static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      return error(Code::unavailable, "cannot read {}: {}", file_in(folder_),
                   n < 0 ? errno_text(errno) : "it is short");
    }
    PSM_DO(write(ByteView(piece).first(static_cast<std::size_t>(n))));
    at += static_cast<std::uint64_t>(n);
  }
  return Done{};
}

Status Spool::drain(const std::function<Status(ByteView)>& write) {
  if (file_) PSM_DO(read_file(write));
  for (auto& piece : held_) {
    PSM_DO(write({piece.get(), kSpoolMemory}));
    memory_->give(std::move(piece));
  }
  held_.clear();
  return tail_bytes_ == 0 ? Status(Done{}) : write(tail());
}

}  // namespace psmith::data
