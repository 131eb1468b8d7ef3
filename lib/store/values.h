// Values: the floats of a sum. Its own, or, until something is added to them,
// those of the frame that they came in: what a worker pushes is applied where
// it lands. A value; one thread at a time.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace psmith::store {

class Values {
 public:
  Values() = default;
  Values(std::vector<float> values) : own_(std::move(values)), view_(own_) {}
  Values(std::initializer_list<float> values)
      : Values(std::vector<float>(values)) {}
  // A copy, if the blob is not aligned for floats. REQUIRES: whole floats
  explicit Values(Blob blob);

  Values(const Values& other)
      : Values(std::vector<float>(other.view_.begin(), other.view_.end())) {}
  Values& operator=(const Values& other) { return *this = Values(other); }
  Values(Values&& other) noexcept
      : own_(std::move(other.own_)),
        blob_(std::move(other.blob_)),
        view_(std::exchange(other.view_, {})) {}
  Values& operator=(Values&& other) noexcept {
    own_ = std::move(other.own_);
    blob_ = std::move(other.blob_);
    view_ = std::exchange(other.view_, {});
    return *this;
  }

  std::size_t size() const { return view_.size(); }
  const float* data() const { return view_.data(); }
  float operator[](std::size_t i) const { return view_[i]; }
  operator std::span<const float>() const { return view_; }

  friend bool operator==(const Values& a, const Values& b) {
    return std::equal(a.view_.begin(), a.view_.end(), b.view_.begin(),
                      b.view_.end());
  }

  // this = this + right, left before right. REQUIRES: the same size
  void add(const Values& right);

  // To write to. REQUIRES: made of a vector
  std::span<float> own() {
    PSM_CHECK(own_.size() == view_.size(), "values of one's own");
    return own_;
  }

 private:
  std::vector<float> own_;
  Blob blob_;
  std::span<const float> view_;  // of one of them; moving keeps it
};

}  // namespace psmith::store
