// Input: a file or standard input as a stream of plain bytes. gzip and zstd
// are recognised by content. Bounded buffers; never seeks, so a pipe will do.
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "data/decode.h"

namespace psmith::data {

// Asked between pieces of work, and a few times a second while a read waits;
// true ends the work with an error. Empty: never.
using Stop = std::function<bool()>;

// The exit status (product.md) of an error from this module: not_found 66,
// conflict 73, unavailable and exhausted 74, else 65.
int exit_status(const Error& error);

class Input {
 public:
  // path: "-" is standard input. Errors: not_found (missing, a directory, not
  // readable), unavailable (reading failed).
  static Result<std::unique_ptr<Input>> open(const std::string& path,
                                             Stop stop = {});
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // At least one byte, or 0 at the end. Errors: corrupt (with the byte of the
  // compressed file), unavailable.
  // REQUIRES: !out.empty()
  Result<std::size_t> read(std::span<char> out);

  // Whether read() would answer without waiting longer than this.
  bool ready(Duration wait);

  // The path, or "stdin".
  const std::string& name() const { return name_; }

 private:
  Input(int descriptor, std::string name, Stop stop);
  Status refill();
  Result<std::size_t> read_direct(std::span<char> out);
  bool readable(Duration wait) const;
  std::span<const std::byte> unread() const {
    return {buffer_.get() + begin_, end_ - begin_};
  }
  Result<std::size_t> read_decoded(std::span<char> out);

  int descriptor_;
  std::string name_;
  Stop stop_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<std::byte[]> buffer_;  // not cleared: most files are small
  std::size_t begin_ = 0, end_ = 0;      // unread bytes of buffer_
  std::uint64_t offset_ = 0;             // of buffer_[begin_] in the file
  bool started_ = false, ended_ = false;
};

}  // namespace psmith::data
