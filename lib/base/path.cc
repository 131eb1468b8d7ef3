#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "base/format.h"
#include "base/mapped.h"

namespace psmith {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferSize = std::size_t{1} << 16;
constexpr int kNameTries = 100;
constexpr std::size_t kNameMax = 200;  // leaves room for the suffix

Error open_error(const char* what, const fs::path& path, int number) {
  const bool gone = number == ENOENT || number == ENOTDIR;
  return error(gone ? Code::not_found : Code::invalid, "cannot {} {}: {}", what,
               path.string(), errno_text(number));
}

Error io_error(const char* what, std::string_view where, int number) {
  const bool full = number == ENOSPC || number == EDQUOT;
  const bool large = number == EFBIG;
  return error(full ? Code::exhausted : Code::unavailable, "cannot {} {}: {}{}",
               what, where, errno_text(number),
               large ? "\nhint: ulimit -f, or the file system, limits the size "
                       "of a file"
                     : "");
}

// /dev/stdout and its like, as the descriptor they stand for: opening them
// anew would start again at offset 0 of a redirected file.
std::optional<int> descriptor_of(const fs::path& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  const auto folder = path.parent_path();
  if (folder != "/dev/fd" && folder != "/proc/self/fd") return std::nullopt;
  const auto name = path.filename().string();
  if (name.empty() || name.size() > 6) return std::nullopt;
  int fd = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return std::nullopt;
    fd = fd * 10 + (c - '0');
  }
  return fd;
}

// The file that a link leads to, whether it is there or not.
fs::path followed(fs::path path) {
  constexpr int kLinkMax = 40;
  std::error_code fault;
  for (int i = 0; i < kLinkMax && fs::is_symlink(path, fault); ++i) {
    const auto next = fs::read_symlink(path, fault);
    if (fault) break;
    path = folder_of(path) / next;
  }
  return path;
}

// A new file beside target, with the permissions of the umask.
Result<std::pair<fs::path, Fd>> open_temporary(const fs::path& target) {
  static std::atomic<std::uint64_t> counter{0};
  const auto name = target.filename().string().substr(0, kNameMax);
  for (int i = 0; i < kNameTries; ++i) {
    auto path = folder_of(target) /
                format(".{}.{}-{}.tmp", name, ::getpid(), counter.fetch_add(1));
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd) return std::pair(std::move(path), std::move(fd));
    if (errno != EEXIST) return open_error("create", target, errno);
  }
  return open_error("create", target, EEXIST);
}

Result<Fd> open_for_reading(const fs::path& path, struct stat& info) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    return open_error("read", path, errno);
  }
  if (S_ISDIR(info.st_mode)) return open_error("read", path, EISDIR);
  return fd;
}

// Reads to the end, or to one byte past the limit.
Result<std::string> read_to_end(const Fd& fd, const fs::path& path,
                                std::size_t limit) {
  std::string text;
  std::vector<char> buffer(kBufferSize);
  while (true) {
    const auto n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("read", path.string(), errno);
    if (n == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > limit) {
      return error(Code::exhausted, "{}: larger than the limit of {} bytes",
                   path.string(), limit);
    }
  }
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() { return std::exchange(fd_, -1); }

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string errno_text(int number) {
  auto text = std::generic_category().message(number);
  const auto lower = [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  };
  // "Input/output error" but not "RPC ...": an acronym keeps its letters.
  const bool acronym = text.size() > 1 && lower(text[1]) != text[1];
  if (!text.empty() && !acronym) text[0] = lower(text[0]);
  return text;
}

fs::path folder_of(const fs::path& file) {
  const auto folder = file.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

Status write_all(int fd, ByteView bytes, std::string_view what) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("write", what, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return Done{};
}

Status sync_folder(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return open_error("open", folder, errno);
  // Some file systems cannot sync a folder; they say EINVAL.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) {
    return io_error("sync", folder.string(), errno);
  }
  return Done{};
}

Result<AtomicFile> AtomicFile::create(const fs::path& target) {
  AtomicFile file;
  file.target_ = target;
  if (target.empty()) return error(Code::invalid, "empty file name");
  if (const auto fd = descriptor_of(target)) {
    file.fd_ = Fd(::fcntl(*fd, F_DUPFD_CLOEXEC, 3));
    if (!file.fd_) return open_error("write", target, errno);
    return file;
  }
  struct stat info {};
  const bool exists = ::stat(target.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) {
    return open_error("create", target, EISDIR);
  }
  if (exists && !S_ISREG(info.st_mode)) {
    file.fd_ = Fd(::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!file.fd_) return open_error("write", target, errno);
    return file;
  }
  file.target_ = followed(target);  // a link stays
  PSM_TRY(auto opened, open_temporary(file.target_));
  file.temporary_ = std::move(opened.first);
  file.fd_ = std::move(opened.second);
  if (exists) {  // the mode of what is replaced; a foreign owner's may fail
    [[maybe_unused]] const int kept =
        ::fchmod(file.fd_.get(), info.st_mode & 07777U);
  }
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      buffer_(std::move(other.buffer_)),
      written_bytes_(other.written_bytes_) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  target_ = std::move(other.target_);
  temporary_ = std::exchange(other.temporary_, {});
  fd_ = std::move(other.fd_);
  buffer_ = std::move(other.buffer_);
  written_bytes_ = other.written_bytes_;
  return *this;
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() noexcept {
  fd_.reset();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

Status AtomicFile::flush() {
  PSM_DO(write_all(fd_.get(), buffer_, target_.string()));
  buffer_.clear();
  return Done{};
}

Status AtomicFile::write(ByteView bytes) {
  written_bytes_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBufferSize) PSM_DO(flush());
  if (bytes.size() > kBufferSize) {
    return write_all(fd_.get(), bytes, target_.string());
  }
  if (buffer_.capacity() == 0) buffer_.reserve(kBufferSize);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return Done{};
}

Status AtomicFile::commit(Durable durable) {
  PSM_DO(flush());
  if (temporary_.empty()) {  // a device, a pipe or a descriptor of the caller
    if (::fsync(fd_.get()) != 0 && errno != EINVAL && errno != ENOTSUP &&
        errno != EROFS) {
      return io_error("sync", target_.string(), errno);
    }
    fd_.reset();
    return Done{};
  }
  if (durable == Durable::yes && ::fsync(fd_.get()) != 0) {
    return io_error("sync", target_.string(), errno);
  }
  if (::close(fd_.release()) != 0) {
    return io_error("close", target_.string(), errno);
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    return io_error("rename to", target_.string(), errno);
  }
  temporary_.clear();
  if (durable == Durable::no) return Done{};
  return sync_folder(folder_of(target_));
}

Status write_file(const fs::path& target, ByteView bytes, Durable durable) {
  PSM_TRY(auto file, AtomicFile::create(target));
  PSM_DO(file.write(bytes));
  return file.commit(durable);
}

Result<Blob> map_file(const fs::path& path) {
  struct stat info {};
  PSM_TRY(const auto fd, open_for_reading(path, info));
  if (S_ISFIFO(info.st_mode)) {
    PSM_TRY(auto text, read_to_end(fd, path, kPipeMax));
    auto owner = std::make_shared<const std::string>(std::move(text));
    const auto bytes = as_bytes(*owner);
    return Blob(std::move(owner), bytes);
  }
  if (!S_ISREG(info.st_mode)) {
    return error(Code::invalid, "cannot map {}: not a regular file",
                 path.string());
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return Blob();
  auto owner = map_regular(fd.get(), info, path);
  if (!owner) return open_error("map", path, errno);
  const auto* const at = static_cast<const std::byte*>(owner.get());
  return Blob(std::move(owner), {at, size});
}

Result<std::string> read_small_file(const fs::path& path, std::size_t limit) {
  struct stat info {};
  PSM_TRY(const auto fd, open_for_reading(path, info));
  return read_to_end(fd, path, limit);
}

}  // namespace psmith
