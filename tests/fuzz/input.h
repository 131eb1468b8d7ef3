// What every fuzz target needs: numbers from the front of an input, and files
// that are nowhere on a disk. One thread.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "base/path.h"
#include "base/rng.h"

namespace psmith::fuzz {

// Whether the run has so many inputs that each of them is to take less time:
// the variable FUZZ_LONG, which scripts/fuzz.sh sets.
inline bool long_run() {
  static const bool set = std::getenv("FUZZ_LONG") != nullptr;
  return set;
}

// The input, taken from its front. What is not there is 0.
class Taker {
 public:
  Taker(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  template <class T>
  T number() {
    T value{};
    const auto bytes = text(sizeof(T));
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  std::uint8_t byte() { return number<std::uint8_t>(); }
  std::string_view text(std::size_t size) {
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(out.size());
    return out;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Exactly these bytes in memory of their own, so that a read past them shows.
inline Blob blob_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return Blob::of(std::vector<std::byte>(bytes.begin(), bytes.end()));
}

inline std::string path_of(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

// A regular file in memory, used again for every input.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    PSM_CHECK(fd_, "a file in memory");
  }
  void hold(std::string_view text) {
    PSM_CHECK(::ftruncate(fd_.get(), 0) == 0, "a file in memory cut");
    const auto size = ::pwrite(fd_.get(), text.data(), text.size(), 0);
    PSM_CHECK(size == static_cast<ssize_t>(text.size()),
              "a file in memory written");
  }
  std::string path() const { return path_of(fd_.get()); }
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

// A pipe that gives the text in pieces: each read() ends where a piece does.
class CutPipe {
 public:
  // seed: decides the pieces. REQUIRES: 4096 bytes at most
  CutPipe(std::string_view text, std::uint64_t seed) {
    int ends[2];
    PSM_CHECK(::pipe2(ends, O_CLOEXEC | O_DIRECT) == 0, "a pipe of packets");
    read_ = Fd(ends[0]);
    const Fd write(ends[1]);
    // A pipe holds 16 packets unless it is asked to hold more.
    constexpr std::size_t kPieces = 15;
    Rng rng(seed);
    for (std::size_t piece = 0; !text.empty(); ++piece) {
      const auto size = piece + 1 == kPieces
                            ? text.size()
                            : 1 + rng.below(rng.below(text.size()) + 1);
      const auto count = ::write(write.get(), text.data(), size);
      PSM_CHECK(count == static_cast<ssize_t>(size), "a piece in a pipe");
      text.remove_prefix(size);
    }
  }
  std::string path() const { return path_of(read_.get()); }

 private:
  Fd read_;
};

}  // namespace psmith::fuzz

// What libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);
