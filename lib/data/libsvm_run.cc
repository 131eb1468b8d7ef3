// LibsvmParser::run: rows as nearly all are written, in one pass. Whatever is
// unusual in a row leaves it to parse().
#include <algorithm>

#include "data/fast_number.h"
#include "data/libsvm.h"

namespace psmith::data {
namespace {

// At p, after a label or a value: the row goes on, is at its line end, or is
// not plain.
enum class After : std::uint8_t { entry, row, other };

inline After after(const char*& p) {
  if (*p == ' ') {
    ++p;
    if (static_cast<unsigned char>(*p - '0') < 10) return After::entry;
  }
  if (*p == '\r') ++p;
  return *p == '\n' ? After::row : After::other;
}

// The arrays of a block, grown ahead of what is stored.
class Entries {
 public:
  explicit Entries(RawBlock& block)
      : block_(block), count_(block.index.size()) {
    grow();
  }
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;
  ~Entries() {
    block_.index.resize(count_);
    block_.value.resize(count_);
  }

  std::size_t count() const { return count_; }
  void cut(std::size_t count) { count_ = count; }
  void add(std::uint64_t index, float value) {
    if (count_ == room_) grow();
    index_[count_] = index;
    value_[count_] = value;
    ++count_;
  }

 private:
  void grow() {
    room_ = count_ + more_;  // a short run clears little
    more_ *= 2;
    block_.index.resize(room_);
    block_.value.resize(room_);
    index_ = block_.index.data();
    value_ = block_.value.data();
  }

  RawBlock& block_;
  std::size_t count_, room_ = 0, more_ = 512;
  std::uint64_t* index_ = nullptr;
  float* value_ = nullptr;
};

// Reads "index:value ..." at p to the line end; p then stands there.
inline bool read_entries(const char*& at, const char* end, Entries& entries) {
  const char* p = at;
  std::uint64_t least = 0;
  for (auto next = After::entry; next != After::row; next = after(p)) {
    if (next == After::other) return false;
    std::uint64_t index = 0;
    float value = 0;
    if (!read_whole(p, index) || index < least || *p != ':') return false;
    if (!read_fast(++p, end, value)) return false;
    entries.add(index, value);
    least = index + 1;
  }
  at = p;
  return true;
}

// Whether the token at p is a label: it has no colon.
bool label_at(const char* p) {
  while (*p > ' ' && *p != ':' && *p != '#') ++p;
  return *p != ':';
}

}  // namespace

std::size_t LibsvmParser::run(std::string_view text, const RunLimit& limit,
                              RawBlock& block) {
  const bool ignored = labels_ == LabelUse::ignored;
  if (!ignored && !labelled_) return 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* p = begin;
  Entries entries(block);
  const auto records = block.record_count;
  while (p < end && block.record_count - records < limit.record_max &&
         static_cast<std::size_t>(p - begin) < limit.byte_max) {
    const char* const row = p;
    const auto first = entries.count();
    auto next = After::entry;
    float label = 0;
    bool good = true;
    if (ignored ? label_at(p) : *labelled_) {
      good = read_fast(p, end, label);
      next = after(p);
      label += 0.0F;  // -0 is 0
      good = good && (ignored || known_.empty() ||
                      std::binary_search(known_.begin(), known_.end(), label));
    }
    good = good && next != After::other &&
           (next == After::row || read_entries(p, end, entries));
    if (!good || p >= end) {
      entries.cut(first);
      p = row;
      break;
    }
    if (!ignored && *labelled_) block.label.push_back(label);
    block.row_begin.push_back(entries.count());
    add_plain({row, static_cast<std::size_t>(p - row)}, limit, block);
    ++p;
  }
  return static_cast<std::size_t>(p - begin);
}

}  // namespace psmith::data
