// Files: written whole or not at all, mapped, or read when they are small.
//
// AtomicFile writes a temporary file beside the target; commit() flushes,
// fsyncs, renames it over the target and fsyncs the folder (neither if it need
// not be durable). Without commit() the temporary is removed and the target
// stays as it was. A target that exists and is no regular file (a FIFO,
// /dev/full, /dev/stdout) is never replaced: it is written to directly. An
// fsync that fails is an error and is not tried again.
//
// Errors of create and open: not_found (no such file or folder) or invalid
// (a folder, no permission, ...). Errors of write and commit: exhausted (no
// space, a quota) or unavailable (any other I/O error). Each names the path. A
// link is followed, also one to a file that is not there yet.
// An AtomicFile belongs to one thread at a time; the functions to any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace psmith {

// A file descriptor that closes itself; -1 holds none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

// Whether a file must outlive a crash of the machine. No: it is as good as
// written for every process, and is not waited for.
enum class Durable : bool { no, yes };

class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::filesystem::path& target);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();

  Status write(ByteView bytes);
  // Nothing may be written afterwards.
  Status commit(Durable durable = Durable::yes);

  std::uint64_t written_bytes() const { return written_bytes_; }
  const std::filesystem::path& target() const { return target_; }

 private:
  AtomicFile() = default;
  Status flush();
  void discard() noexcept;

  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty: written to directly, or done
  Fd fd_;
  std::vector<std::byte> buffer_;
  std::uint64_t written_bytes_ = 0;
};

// One whole file from memory.
Status write_file(const std::filesystem::path& target, ByteView bytes,
                  Durable durable = Durable::yes);

// The file's bytes, mapped read-only and unmapped with the last copy of the
// Blob. A file of size 0 gives an empty Blob; a FIFO is read into memory, up
// to kPipeMax bytes. Others may write to the file meanwhile: base/mapped.h.
Result<Blob> map_file(const std::filesystem::path& path);
inline constexpr std::size_t kPipeMax = std::size_t{1} << 30;

// The whole file as text. Errors: also exhausted, if it has over limit bytes.
Result<std::string> read_small_file(const std::filesystem::path& path,
                                    std::size_t limit);

// All bytes to a descriptor, however many calls that takes; EINTR is retried.
// what: names the descriptor in an error.
Status write_all(int fd, ByteView bytes, std::string_view what);

// The folder a file is in: "." for a bare name.
std::filesystem::path folder_of(const std::filesystem::path& file);

// Makes the names in a folder durable.
Status sync_folder(const std::filesystem::path& folder);

// "no space left on device": the text of an errno, in lower case.
std::string errno_text(int number);

}  // namespace psmith
