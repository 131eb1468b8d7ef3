// Walker: msgpack's parser, with the rules that hold for every header.
//
// The frame is one map and nothing else; keys are natural numbers; nesting and
// strings are limited; nil, binary and extension types do not occur. Part of
// codec.cc. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <msgpack.hpp>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/format.h"
#include "base/result.h"
#include "wire/limits.h"
#include "wire/slot.h"

namespace psmith::wire {

// Derived has key(n), value(v), opened(map, count), item() and closed(); each
// returns true, or fail(why).
template <class Derived>
class Walker : public msgpack::null_visitor {
 public:
  bool visit_nil() { return fail("nil"); }
  bool visit_boolean(bool v) {
    return value({.kind = Value::Kind::truth, .truth = v});
  }
  bool visit_positive_integer(std::uint64_t v) {
    return in_key_ ? self().key(v) : self().value({.natural = v});
  }
  bool visit_negative_integer(std::int64_t v) {
    return value({.kind = Value::Kind::negative, .negative = v});
  }
  bool visit_float32(float v) { return visit_float64(double{v}); }
  bool visit_float64(double v) {
    return value({.kind = Value::Kind::real, .real = v});
  }
  bool visit_str(const char* text, std::uint32_t size) {
    if (size > kStringBytesMax) return fail("string too long");
    return value({.kind = Value::Kind::text, .text = {text, size}});
  }
  bool visit_bin(const char*, std::uint32_t) { return fail("binary data"); }
  bool visit_ext(const char*, std::uint32_t) { return fail("an extension"); }

  bool start_array(std::uint32_t count) { return open(false, count); }
  bool start_map(std::uint32_t count) { return open(true, count); }
  bool start_array_item() { return self().item(); }
  bool end_array() { return close(); }
  bool end_map() { return close(); }
  bool start_map_key() {
    in_key_ = true;
    return true;
  }
  bool end_map_key() {
    in_key_ = false;
    return true;
  }

  // Walks all of `frame`. Errors: corrupt, exhausted (no memory).
  Status walk(ByteView frame) {
    std::size_t end = 0;
    bool whole = false;
    try {
      whole = msgpack::parse(reinterpret_cast<const char*>(frame.data()),
                             frame.size(), end, self());
    } catch (const std::bad_alloc&) {
      return Error{Code::exhausted, "no memory for a message"};
    } catch (const std::exception& e) {
      fail(e.what());
    }
    if (!fault_ && !whole) fail("not a whole msgpack value");
    if (!fault_ && end != frame.size()) fail("bytes after the map");
    if (!fault_) return Done{};
    return error(Code::corrupt, "bad header: {} (at byte {} of {})", *fault_,
                 end, frame.size());
  }

 protected:
  bool fail(std::string_view fault) {
    if (!fault_) fault_ = fault;
    return false;
  }
  std::size_t depth() const { return depth_; }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
  bool value(const Value& v) {
    return in_key_ ? fail("a key that is not a number") : self().value(v);
  }
  bool open(bool map, std::uint32_t count) {
    if (in_key_) return fail("a key that is not a number");
    if (depth_ == 0 && !map) return fail("not a map");
    if (depth_ == kDepthMax) return fail("nested too deep");
    ++depth_;
    return self().opened(map, count);
  }
  bool close() {
    --depth_;
    return self().closed();
  }

  bool in_key_ = false;
  std::size_t depth_ = 0;
  std::optional<std::string> fault_;
};

}  // namespace psmith::wire
