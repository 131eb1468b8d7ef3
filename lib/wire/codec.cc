#include "wire/codec.h"

#include <msgpack.hpp>
#include <new>
#include <string>
#include <type_traits>

#include "base/format.h"
#include "wire/entry.h"
#include "wire/fields.h"
#include "wire/limits.h"
#include "wire/slot.h"
#include "wire/version.h"
#include "wire/walker.h"

namespace psmith::wire {
namespace {

// How many members an aggregate has: with how many values it can be made.
struct Anything {
  template <class T>
  operator T() const;
};
template <class T, class... Values>
constexpr std::size_t member_count() {
  if constexpr (requires { T{Values{}..., Anything{}}; }) {
    return member_count<T, Values..., Anything>();
  } else {
    return sizeof...(Values);
  }
}

template <class T>
constexpr bool lists_all_members() {
  return member_count<T>() ==
         std::tuple_size_v<std::remove_cvref_t<decltype(Fields<T>::list)>>;
}

template <class T>
constexpr bool numbers_ascend() {
  return std::apply(
      [](const auto&... field) {
        [[maybe_unused]] std::uint32_t last = kFieldMin - 1;
        bool ok = true;
        ((ok = ok && field.number > last, last = field.number), ...);
        return ok;
      },
      Fields<T>::list);
}

template <class T>
constexpr void check_fields() {
  static_assert(lists_all_members<T>(),
                "fields.h must list every member of the struct");
  static_assert(numbers_ascend<T>(), "field numbers ascend from 3");
}

// ---- encoding -------------------------------------------------------------

struct Buffer {
  std::vector<std::byte> bytes;
  void write(const char* data, std::size_t size) {
    const auto view = as_bytes({data, size});
    bytes.insert(bytes.end(), view.begin(), view.end());
  }
};

class Encoder {
 public:
  Result<std::vector<std::byte>> run(const Body& body,
                                     std::span<const std::uint64_t> blobs) {
    limit(blobs.size() <= kBlobCountMax, "too many blobs");
    std::visit([&](const auto& message) { header(message, blobs); }, body);
    return take();
  }

  template <class T>
  Result<std::vector<std::byte>> entry(const T& value) {
    pack(value);
    return take();
  }

 private:
  Result<std::vector<std::byte>> take() {
    limit(buffer_.bytes.size() <= kHeaderBytesMax, "header too long");
    if (fault_) return Error{Code::exhausted, fault_};
    return std::move(buffer_.bytes);
  }

  void limit(bool holds, const char* fault) {
    if (!holds && !fault_) fault_ = fault;
  }

  template <class T>
  void header(const T& message, std::span<const std::uint64_t> blobs) {
    static_assert(Fields<T>::type != 0);
    const auto fields = std::tuple_size_v<decltype(Fields<T>::list)>;
    packer_.pack_map(static_cast<std::uint32_t>(3 + fields));
    packer_.pack(kTypeKey).pack(Fields<T>::type);
    packer_.pack(kVersionKey).pack(kWireVersion);
    packer_.pack(kBlobsKey);
    packer_.pack_array(static_cast<std::uint32_t>(blobs.size()));
    for (const auto bytes : blobs) packer_.pack(bytes);
    members(message);
  }

  template <class T>
  void members(const T& value) {
    check_fields<T>();
    std::apply(
        [&](const auto&... field) {
          (put(field.number, value.*field.member), ...);
        },
        Fields<T>::list);
  }

  template <class T>
  void put(std::uint32_t number, const T& value) {
    packer_.pack(number);
    pack(value);
  }

  template <class T>
  void pack(const T& value) {
    if constexpr (kIsStruct<T>) {
      packer_.pack_map(static_cast<std::uint32_t>(
          std::tuple_size_v<decltype(Fields<T>::list)>));
      members(value);
    } else if constexpr (kIsVector<T>) {
      pack_all(value);
    } else if constexpr (kIsId<T>) {
      packer_.pack(value.value());
    } else if constexpr (std::is_enum_v<T>) {
      packer_.pack(static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_same_v<T, std::string>) {
      limit(value.size() <= kStringBytesMax, "string too long");
      packer_.pack_str(static_cast<std::uint32_t>(value.size()));
      packer_.pack_str_body(value.data(),
                            static_cast<std::uint32_t>(value.size()));
    } else {
      packer_.pack(value);
    }
  }

  template <class T>
  void pack_all(const std::vector<T>& values) {
    decoded_bytes_ += values.size() * sizeof(T);
    limit(values.size() <= kArrayCountMax, "array too long");
    limit(decoded_bytes_ <= kDecodedBytesMax, "header too large");
    if (fault_) return;
    packer_.pack_array(static_cast<std::uint32_t>(values.size()));
    for (const auto& value : values) pack(value);
  }

  Buffer buffer_;
  msgpack::packer<Buffer> packer_{buffer_};
  std::size_t decoded_bytes_ = 0;
  const char* fault_ = nullptr;
};

// ---- decoding: walking the frame ------------------------------------------

// First walk: the structure, and what all wire versions have in common. Every
// element takes a byte at least, so the sum of the counts that containers
// claim is at most the size of the frame.
class HeaderWalker : public Walker<HeaderWalker> {
 public:
  explicit HeaderWalker(ByteView frame) : claim_max_(frame.size()) {}

  Result<Header> result() {
    if (!has_type_ || !has_version_) {
      return Error{Code::corrupt, "bad header: no type or no version"};
    }
    return std::move(header_);
  }

  bool key(std::uint64_t number) {
    if (depth() == 1) key_ = number;
    return true;
  }
  bool value(const Value& v) {
    const bool blob = depth() == 2 && in_blobs_;
    if (depth() == 0) return fail("not a map");
    if (!blob && (depth() != 1 || key_ > kBlobsKey)) return true;
    if (v.kind != Value::Kind::natural) return fail("bad type or version");
    if (blob) header_.blob_bytes.push_back(v.natural);
    if (blob) return true;
    if (key_ == kBlobsKey) return fail("bad blob lengths");
    if (v.natural > UINT32_MAX) return fail("bad type or version");
    (key_ == kTypeKey ? header_.type : header_.version) =
        static_cast<std::uint32_t>(v.natural);
    (key_ == kTypeKey ? has_type_ : has_version_) = true;
    return true;
  }
  bool opened(bool map, std::uint32_t count) {
    const std::uint64_t claim = map ? std::uint64_t{count} * 2 : count;
    claimed_ += claim;
    if (claimed_ > claim_max_) return fail("a count beyond the frame");
    if (count > kArrayCountMax) return fail("array too long");
    const bool top = depth() == 2 && key_ <= kBlobsKey;
    in_blobs_ = in_blobs_ || (top && key_ == kBlobsKey && !map);
    if (top && !in_blobs_) return fail("bad type or version");
    if (in_blobs_ && depth() > 2) return fail("bad blob lengths");
    if (in_blobs_ && count > kBlobCountMax) return fail("too many blobs");
    if (in_blobs_) header_.blob_bytes.clear();
    return true;
  }
  bool item() { return true; }
  bool closed() {
    if (depth() == 1) in_blobs_ = false;
    return true;
  }

 private:
  Header header_;
  bool has_type_ = false, has_version_ = false, in_blobs_ = false;
  std::uint64_t key_ = ~std::uint64_t{0};
  std::uint64_t claimed_ = 0;
  const std::uint64_t claim_max_;
};

// Second walk: fills the body's struct. REQUIRES: the first walk passed
class BodyWalker : public Walker<BodyWalker> {
 public:
  explicit BodyWalker(Slot root) : next_(root) {}

  bool key(std::uint64_t number) {
    key_ = number;
    const auto& top = open_.back();
    const bool known = top.ops && top.ops->member;
    next_ = known ? top.ops->member(top.object, number) : Slot{};
    return true;
  }
  bool value(const Value& v) {
    if (!next_.ops) return true;
    if (next_.ops->set && next_.ops->set(next_.object, v)) return true;
    return fail(format("field {} has a wrong type or value", key_));
  }
  bool opened(bool map, std::uint32_t) {
    if (next_.ops &&
        !(map ? next_.ops->member != nullptr : next_.ops->element != nullptr)) {
      return fail(format("field {} has a wrong type", key_));
    }
    if (next_.ops) next_.ops->clear(next_.object);
    open_.push_back(next_);
    return true;
  }
  bool item() {
    const auto& top = open_.back();
    next_ = {};
    if (!top.ops) return true;
    decoded_bytes_ += top.ops->element_bytes;
    if (decoded_bytes_ > kDecodedBytesMax) return fail("header too large");
    next_ = top.ops->element(top.object);
    return true;
  }
  bool closed() {
    open_.pop_back();
    return true;
  }

 private:
  std::vector<Slot> open_;
  Slot next_;
  std::uint64_t key_ = 0;
  std::size_t decoded_bytes_ = 0;
};

// An empty body of this type, and its place; no ops: unknown.
template <std::size_t I = 0>
Slot make_body(std::uint32_t type, Body& body) {
  if constexpr (I < std::variant_size_v<Body>) {
    using T = std::variant_alternative_t<I, Body>;
    if (type == Fields<T>::type) return slot_of(body.emplace<I>());
    return make_body<I + 1>(type, body);
  } else {
    return {};
  }
}

}  // namespace

Result<std::vector<std::byte>> encode_header(
    const Body& body, std::span<const std::uint64_t> blob_bytes) {
  try {
    return Encoder().run(body, blob_bytes);
  } catch (const std::bad_alloc&) {
    return Error{Code::unavailable, "no memory for a message"};
  }
}

Result<Header> decode_header(ByteView frame) {
  if (frame.size() > kHeaderBytesMax) {
    return Error{Code::corrupt, "bad header: too long"};
  }
  HeaderWalker walker(frame);
  PSM_DO(walker.walk(frame));
  return walker.result();
}

Result<Body> decode_body(ByteView frame, const Header& header) {
  const bool refusal = header.type == Fields<Refused>::type;
  if (header.version != kWireVersion && !refusal) {
    return error(Code::conflict, "wire version {}, and this is version {}",
                 header.version, kWireVersion);
  }
  Body body;
  const auto root = make_body(header.type, body);
  if (!root.ops) {
    return error(Code::corrupt, "unknown message type {}", header.type);
  }
  PSM_DO(BodyWalker(root).walk(frame));
  return body;
}

// ---- entries --------------------------------------------------------------

template <class T>
Result<std::vector<std::byte>> encode_entry(const T& entry) {
  try {
    return Encoder().entry(entry);
  } catch (const std::bad_alloc&) {
    return Error{Code::unavailable, "no memory for an entry"};
  }
}

template <class T>
Result<T> decode_entry(ByteView bytes) {
  if (bytes.size() > kHeaderBytesMax) {
    return Error{Code::corrupt, "bad entry: too long"};
  }
  PSM_DO(HeaderWalker(bytes).walk(bytes));
  T entry;
  PSM_DO(BodyWalker(slot_of(entry)).walk(bytes));
  return entry;
}

template Result<std::vector<std::byte>> encode_entry(const MasterEntry&);
template Result<std::vector<std::byte>> encode_entry(const NodeEntry&);
template Result<std::vector<std::byte>> encode_entry(const JobEntry&);
template Result<std::vector<std::byte>> encode_entry(const JobSpec&);
template Result<std::vector<std::byte>> encode_entry(const Event&);
template Result<MasterEntry> decode_entry(ByteView);
template Result<NodeEntry> decode_entry(ByteView);
template Result<JobEntry> decode_entry(ByteView);
template Result<JobSpec> decode_entry(ByteView);
template Result<Event> decode_entry(ByteView);

std::uint32_t type_of(const Body& body) {
  return std::visit(
      [](const auto& message) {
        return Fields<std::remove_cvref_t<decltype(message)>>::type;
      },
      body);
}

std::string_view name_of(const Body& body) {
  return std::visit(
      [](const auto& message) {
        return Fields<std::remove_cvref_t<decltype(message)>>::name;
      },
      body);
}

}  // namespace psmith::wire
