#include "data/input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <limits>

#include "base/format.h"
#include "data/manifest.h"

namespace psmith::data {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
// A plain input is read straight to where so much is asked for.
constexpr std::size_t kDirectBytes = std::size_t{32} << 10;
constexpr Duration kStopPeriod = std::chrono::milliseconds(200);

}  // namespace

int exit_status(const Error& error) {
  switch (error.code) {
    case Code::not_found:
      return 66;
    case Code::conflict:
      return 73;
    case Code::unavailable:
    case Code::exhausted:
    case Code::timed_out:
      return 74;
    case Code::invalid:
    case Code::corrupt:
      break;
  }
  return 65;
}

Result<std::unique_ptr<Input>> Input::open(const std::string& path, Stop stop) {
  if (path == "-") {
    return std::unique_ptr<Input>(new Input(0, "stdin", std::move(stop)));
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return error(Code::not_found, "{}: {}", path,
                 errno == ENOENT ? "no such file" : std::strerror(errno));
  }
  std::unique_ptr<Input> input(new Input(descriptor, path, std::move(stop)));
  struct stat info {};
  if (::fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) {
    std::error_code ignored;
    const bool dataset =
        std::filesystem::exists(path + "/" + kManifestName, ignored);
    return error(Code::not_found, "{}: is a {}, not a file\nhint: {}", path,
                 dataset ? "dataset" : "directory",
                 dataset
                     ? "a dataset is given alone; psdata cat prints its rows"
                     : "name the files in it");
  }
  return input;
}

Input::Input(int descriptor, std::string name, Stop stop)
    : descriptor_(descriptor),
      name_(std::move(name)),
      stop_(std::move(stop)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(kBufferBytes)) {}

Input::~Input() {
  if (descriptor_ > 0) ::close(descriptor_);
}

// Reads the next piece behind what is unread; the buffer has room for it.
Status Input::refill() {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), unread().data(), unread().size());
    end_ -= begin_;
    begin_ = 0;
  }
  PSM_TRY(const auto count,
          read_direct({reinterpret_cast<char*>(buffer_.get() + end_),
                       kBufferBytes - end_}));
  end_ += count;
  return Done{};
}

// Bytes of the descriptor; 0 at its end.
Result<std::size_t> Input::read_direct(std::span<char> out) {
  while (!ended_) {
    if (stop_) {
      // A signal may come just before a read that nothing ends: look again.
      while (!stop_() && !readable(kStopPeriod)) continue;
      if (stop_()) return error(Code::unavailable, "interrupted");
    }
    const auto count = ::read(descriptor_, out.data(), out.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const auto code = errno == EISDIR ? Code::not_found : Code::unavailable;
      return error(code, "{}: cannot read ({})", name_, std::strerror(errno));
    }
    ended_ = count == 0;
    return static_cast<std::size_t>(count);
  }
  return std::size_t{0};
}

Result<std::size_t> Input::read(std::span<char> out) {
  if (!started_) {
    while (!ended_ && end_ < 4) PSM_DO(refill());
    const auto kind = compression_of(unread());
    if (kind != Compression::none) decoder_ = make_decoder(kind);
    started_ = true;
  }
  if (decoder_) return read_decoded(out);
  if (begin_ == end_ && out.size() >= kDirectBytes) return read_direct(out);
  if (begin_ == end_) PSM_DO(refill());
  const auto count = std::min(out.size(), end_ - begin_);
  std::memcpy(out.data(), unread().data(), count);
  begin_ += count;
  return count;
}

Result<std::size_t> Input::read_decoded(std::span<char> out) {
  while (true) {
    auto step = decoder_->decode(unread(), out);
    if (!step) {
      return error(Code::corrupt, "{}: byte {}: {}", name_, offset_ + 1,
                   step.error().message);
    }
    begin_ += step->taken;
    offset_ += step->taken;
    if (step->given > 0) return step->given;
    if (begin_ < end_ && step->taken > 0) continue;
    if (ended_) {
      if (begin_ == end_ && decoder_->complete()) return std::size_t{0};
      return error(Code::corrupt,
                   "{}: byte {}: the {} data ends in the middle of a stream\n"
                   "hint: the file is truncated; fetch it again",
                   name_, offset_ + 1, decoder_->name());
    }
    PSM_DO(refill());
  }
}

bool Input::readable(Duration wait) const {
  pollfd entry{.fd = descriptor_, .events = POLLIN, .revents = 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  const auto held = std::clamp<std::int64_t>(ms, 0, kMost);
  return ::poll(&entry, 1, static_cast<int>(held)) > 0;
}

bool Input::ready(Duration wait) {
  return begin_ < end_ || ended_ || readable(wait);
}

}  // namespace psmith::data
