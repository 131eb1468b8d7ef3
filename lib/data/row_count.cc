#include "data/row_count.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <deque>

#include "base/format.h"
#include "base/path.h"
#include "data/decode.h"
#include "data/record.h"

namespace psmith::data {
namespace {

// A task counts the lines that begin in so many bytes of a file, by pieces.
constexpr std::uint64_t kStretch = std::uint64_t{4} << 20;
constexpr std::uint64_t kPiece = std::uint64_t{128} << 10;
// A line that begins with more blanks than this makes the count unknown.
constexpr std::uint64_t kAhead = 256;

using Count = std::optional<std::uint64_t>;

// Reads what is in the page cache. false: not all of it is, or not at all.
bool read_cached(int file, std::span<char> out, std::uint64_t offset) {
  while (!out.empty()) {
    const iovec piece{.iov_base = out.data(), .iov_len = out.size()};
    const auto got =
        ::preadv2(file, &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (got <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

// Whether the line at p is a record; unset: the text ends before it is clear.
std::optional<bool> is_record(const char* p, const char* end, bool last) {
  p = skip_blanks(p, end);
  if (p == end) return last ? std::optional(false) : std::nullopt;
  if (*p == '\r' && p + 1 == end) {
    return last ? std::optional(false) : std::nullopt;
  }
  return *p != '\n' && *p != '#' && !(*p == '\r' && p[1] == '\n');
}

// A file that is counted; size: bytes when it was opened.
struct Plain {
  Fd file;
  std::uint64_t size = 0;
};

// Records whose lines begin in [begin, end); memory: for any number of calls.
Count count_piece(const Plain& plain, std::uint64_t begin, std::uint64_t end,
                  std::vector<char>& memory) {
  const auto from = begin == 0 ? 0 : begin - 1;
  const auto to = std::min(end + kAhead, plain.size);
  memory.resize(static_cast<std::size_t>(to - from));
  if (!read_cached(plain.file.get(), memory, from)) return std::nullopt;
  const char* p = memory.data();
  const char* const text_end = p + memory.size();
  const char* const stop = p + (end - from);
  const auto next_line = [&](const char* at) {
    const auto* newline = static_cast<const char*>(
        std::memchr(at, '\n', static_cast<std::size_t>(stop - at)));
    return newline == nullptr ? stop : newline + 1;
  };
  if (begin > 0) {
    p = next_line(p);
  } else if (std::string_view(p, memory.size()).starts_with(kByteOrderMark)) {
    p += kByteOrderMark.size();
  }
  std::uint64_t count = 0;
  for (; p < stop; p = next_line(p)) {
    const auto record = is_record(p, text_end, to == plain.size);
    if (!record) return std::nullopt;
    count += *record ? 1 : 0;
  }
  return count;
}

Count count_stretch(const Plain& plain, std::uint64_t begin) {
  const auto end = std::min(begin + kStretch, plain.size);
  std::vector<char> memory;
  std::uint64_t sum = 0;
  for (; begin < end; begin += kPiece) {
    const auto count =
        count_piece(plain, begin, std::min(begin + kPiece, end), memory);
    if (!count) return std::nullopt;
    sum += *count;
  }
  return sum;
}

bool is_regular(const std::string& path) {
  struct stat info {};
  return path != "-" && ::stat(path.c_str(), &info) == 0 &&
         S_ISREG(info.st_mode);
}

std::optional<Plain> open_plain(const std::string& path) {
  Plain out{.file =
                Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))};
  struct stat info {};
  if (!out.file || ::fstat(out.file.get(), &info) != 0) return std::nullopt;
  out.size = static_cast<std::uint64_t>(info.st_size);
  std::vector<char> begin(std::min<std::uint64_t>(out.size, 4));
  if (!read_cached(out.file.get(), begin, 0) ||
      compression_of(std::as_bytes(std::span(begin))) != Compression::none) {
    return std::nullopt;
  }
  return out;
}

// The stretches of a file that are being counted, oldest first.
class Stretches {
 public:
  Stretches(const Plain& plain, Workers& workers)
      : plain_(plain), workers_(workers) {}
  Stretches(const Stretches&) = delete;
  Stretches& operator=(const Stretches&) = delete;
  ~Stretches() {
    for (const auto& task : tasks_) {
      if (task.ticket) workers_.await_end(task.ticket);
    }
  }

  // False: unknown.
  bool start(std::uint64_t begin) {
    auto& task = tasks_.emplace_back();
    task.ticket = workers_.start([&task, &plain = plain_, begin] {
      task.count = count_stretch(plain, begin);
    });
    return tasks_.size() <= 2 * workers_.threads() || take_oldest();
  }

  Count finish() {
    while (!tasks_.empty()) {
      if (!take_oldest()) return std::nullopt;
    }
    return sum_;
  }

 private:
  struct Task {
    Count count;
    Workers::Ticket ticket;
  };

  bool take_oldest() {
    workers_.wait(tasks_.front().ticket);
    const auto count = tasks_.front().count;
    tasks_.pop_front();
    sum_ += count.value_or(0);
    return count.has_value();
  }

  const Plain& plain_;
  Workers& workers_;
  std::deque<Task> tasks_;
  std::uint64_t sum_ = 0;
};

}  // namespace

Result<std::optional<std::uint64_t>> count_libsvm_rows(
    const std::vector<std::string>& paths, Workers* workers, const Stop& stop) {
  // Not even opened: whoever writes to a pipe would take it for its reader.
  if (!std::all_of(paths.begin(), paths.end(), is_regular)) return Count();
  Workers nobody(1);
  std::uint64_t sum = 0;
  for (const auto& path : paths) {
    const auto plain = open_plain(path);
    if (!plain) return Count();
    Stretches stretches(*plain, workers == nullptr ? nobody : *workers);
    for (std::uint64_t at = 0; at < plain->size; at += kStretch) {
      if (stop && stop()) return error(Code::unavailable, "interrupted");
      if (!stretches.start(at)) return Count();
    }
    const auto count = stretches.finish();
    if (!count) return Count();
    sum += *count;
  }
  return Count(sum);
}

}  // namespace psmith::data
