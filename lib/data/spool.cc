#include "data/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/format.h"

namespace psmith::data {
namespace {

constexpr const char* kFileName = "a temporary file";

Result<Fd> open_unnamed(const std::filesystem::path& folder) {
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  // Some file systems know no unnamed files: a named one loses its name.
  auto name = (folder / ".psmith-spool-XXXXXX").string();
  fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) {
    return error(Code::invalid, "cannot create a temporary file in {}: {}",
                 folder.string(), errno_text(errno));
  }
  ::unlink(name.c_str());
  return fd;
}

}  // namespace

Status Spool::spill() {
  if (!file_) {
    PSM_TRY(file_, open_unnamed(folder_));
  }
  PSM_DO(write_all(file_.get(), buffer_, kFileName));
  buffer_.clear();
  return Done{};
}

Status Spool::append(ByteView bytes) {
  size_ += bytes.size();
  if (bytes.size() >= kSpoolMemory) {
    PSM_DO(spill());
    return write_all(file_.get(), bytes, kFileName);
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  if (buffer_.size() < kSpoolMemory) return Done{};
  return spill();
}

Status Spool::drain(const std::function<Status(ByteView)>& write) {
  if (!file_) return buffer_.empty() ? Status(Done{}) : write(buffer_);
  PSM_DO(spill());
  buffer_.resize(kSpoolMemory);
  off_t at = 0;
  while (static_cast<std::uint64_t>(at) < size_) {
    const auto n = ::pread(file_.get(), buffer_.data(), buffer_.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      return error(Code::unavailable, "cannot read a temporary file in {}: {}",
                   folder_.string(), n < 0 ? errno_text(errno) : "it is short");
    }
    PSM_DO(write(ByteView(buffer_).first(static_cast<std::size_t>(n))));
    at += n;
  }
  return Done{};
}

}  // namespace psmith::data
