#include "data/window.h"

#include <algorithm>
#include <cstring>

#include "data/digits.h"

namespace psmith::data {

Window::Window(std::unique_ptr<Input> input)
    : input_(std::move(input)), buffer_(kPieceBytes + kReadPast) {}

Status Window::fill() {
  if (ended_) return Done{};
  if (fault_) return *fault_;
  if (begin_ > 0 && end_ - begin_ < begin_) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - kReadPast - end_ < kPieceBytes / 4) {
    buffer_.resize(buffer_.size() * 2);
  }
  // A piece at most: what one record made the buffer is no measure for others.
  const auto room = std::min(buffer_.size() - kReadPast - end_, kPieceBytes);
  auto count = input_->read(std::span(buffer_).subspan(end_, room));
  if (!count) {
    buffer_[end_] = '\n';  // a decoder may have written there
    fault_ = count.error();
    return std::move(count.error());
  }
  ended_ = *count == 0;
  end_ += *count;
  buffer_[end_] = '\n';
  return Done{};
}

std::size_t Window::take(std::size_t size, std::vector<char>& buffer) {
  const auto begin = begin_;
  const auto rest = text().substr(size);
  const auto least = std::max(kPieceBytes, 2 * rest.size()) + kReadPast;
  if (buffer.size() < least) buffer.resize(least);
  std::memcpy(buffer.data(), rest.data(), rest.size());
  buffer[rest.size()] = '\n';
  buffer_.swap(buffer);
  begin_ = 0;
  end_ = rest.size();
  return begin;
}

}  // namespace psmith::data
