// Window: the unread text of one input, refilled piece by piece. Its buffer
// doubles only for a record longer than a piece, to 4 * kRecordMax at most.
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "data/input.h"

namespace psmith::data {

// A record longer than this is bad.
inline constexpr std::size_t kRecordMax = std::size_t{16} << 20;
inline constexpr const char* kTooLongText =
    "the record is longer than 16 MiB, the limit\n"
    "hint: a quote that is not closed makes one record of many lines";
inline constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

class Window {
 public:
  explicit Window(std::unique_ptr<Input> input);

  // Unread bytes; valid until fill(). Behind them stand '\n' and kReadPast
  // readable bytes, as RecordParser::run() needs it.
  std::string_view text() const {
    return {buffer_.data() + begin_, end_ - begin_};
  }
  bool ended() const { return ended_; }
  void consume(std::size_t bytes) { begin_ += bytes; }

  // Hands the first bytes of the text over with the buffer that they are in;
  // what `buffer` held gives way. Returns where in it they begin; kReadPast
  // bytes behind them may be read. REQUIRES: size <= text().size()
  std::size_t take(std::size_t size, std::vector<char>& buffer);

  // Reads more behind the text. At the end of the input: sets ended(). After an
  // error: the same again.
  Status fill();
  bool ready(Duration wait) { return ended_ || input_->ready(wait); }

  const std::string& name() const { return input_->name(); }

 private:
  std::unique_ptr<Input> input_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool ended_ = false;
  std::optional<Error> fault_;
};

}  // namespace psmith::data
