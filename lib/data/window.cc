#include "data/window.h"

#include <cstring>

namespace psmith::data {

Window::Window(std::unique_ptr<Input> input)
    : input_(std::move(input)), buffer_(kPieceBytes) {}

Status Window::fill() {
  if (ended_) return Done{};
  if (begin_ > 0 && end_ - begin_ < begin_) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kPieceBytes / 4) {
    buffer_.resize(buffer_.size() * 2);
  }
  PSM_TRY(const auto count, input_->read(std::span(buffer_).subspan(end_)));
  ended_ = count == 0;
  end_ += count;
  return Done{};
}

}  // namespace psmith::data
