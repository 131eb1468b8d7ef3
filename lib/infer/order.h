// Order<T>: answers leave in the order the questions came, each exactly once.
//
// ask() numbers a question; at most `window` are unanswered or held back at a
// time, so memory is bounded. answer() takes the first answer to a question;
// repetitions and answers to nothing are refused. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "base/check.h"

namespace psmith::infer {

template <class T>
class Order {
 public:
  explicit Order(std::size_t window) : window_(window) {
    PSM_CHECK(window >= 1, "a window holds at least one question");
  }

  // Is there room for another question?
  bool open() const { return slots_.size() < window_; }
  // No question waits and no answer is held back.
  bool idle() const { return slots_.empty(); }
  std::size_t in_flight() const { return slots_.size(); }

  // The number of a new question: 0, 1, 2, ... REQUIRES: open()
  std::uint64_t ask() {
    PSM_CHECK(open(), "a question past the window");
    slots_.emplace_back();
    return first_ + slots_.size() - 1;
  }

  // False: it has an answer already, or was never asked.
  bool answer(std::uint64_t seq, T value) {
    if (seq < first_ || seq - first_ >= slots_.size()) return false;
    auto& slot = slots_[static_cast<std::size_t>(seq - first_)];
    if (slot) return false;
    slot.emplace(std::move(value));
    return true;
  }

  // The next answer in order, if it has come.
  std::optional<T> next() {
    if (slots_.empty() || !slots_.front()) return std::nullopt;
    std::optional<T> out = std::move(slots_.front());
    slots_.pop_front();
    ++first_;
    return out;
  }

 private:
  std::size_t window_;
  std::uint64_t first_ = 0;  // number of slots_.front()
  std::deque<std::optional<T>> slots_;
};

}  // namespace psmith::infer
