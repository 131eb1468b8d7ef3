// safetensors, the one container of psmith: named tensors and text metadata.
//
//   U64 n | n bytes of JSON, padded with spaces | data
//   JSON: {"__metadata__": {text: text}, NAME: {"dtype", "shape",
//          "data_offsets": [begin, end]}}  offsets count from the data
//
// The format of huggingface/safetensors, as strict as its own reader: tensors
// cover the data without a hole or an overlap. Written by psmith, the data
// begins at a multiple of 64 in the file and tensors stand in order of element
// size, largest first, then as given: so each is aligned to its element size
// in a mapped file. Same input, same bytes. Values; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace psmith::file {

enum class DType : std::uint8_t {
  boolean,
  u8,
  i8,
  u16,
  i16,
  f16,
  bf16,
  u32,
  i32,
  f32,
  u64,
  i64,
  f64
};

std::string_view name_of(DType dtype);  // "F32"
std::size_t size_of(DType dtype);       // bytes of an element

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<std::uint64_t>() {
  return DType::u64;
}
template <>
constexpr DType dtype_of<std::uint32_t>() {
  return DType::u32;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::i64;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::u8;
}

using Metadata = std::map<std::string, std::string>;

struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::uint64_t> shape;  // empty: one number

  // Elements, bytes. REQUIRES: neither overflows (holds after parse)
  std::uint64_t count() const;
  std::uint64_t byte_count() const;
};

// A tensor with its bytes, row-major, little-endian. Borrowed.
struct Tensor {
  TensorInfo info;
  ByteView bytes;
};

template <class T>
Tensor tensor_of(std::string name, std::vector<std::uint64_t> shape,
                 std::span<const T> values) {
  return {{std::move(name), dtype_of<T>(), std::move(shape)},
          std::as_bytes(values)};
}

inline constexpr std::uint64_t kHeaderMax = std::uint64_t{64} << 20;  // bytes
inline constexpr std::size_t kTensorMax = std::size_t{1} << 20;
inline constexpr std::size_t kRankMax = 8;
inline constexpr std::size_t kDataAlignment = 64;

// A parsed file. Shares the Blob's ownership.
class SafeTensors {
 public:
  // Errors: corrupt; say what, not which file.
  static Result<SafeTensors> parse(Blob bytes);

  const Metadata& metadata() const { return metadata_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }  // by name

  // nullptr: no such tensor.
  const Tensor* find(std::string_view name) const;

  // The values of a tensor that must be there with this type and be aligned
  // (a mapped file of psmith's is). Valid while the Blob lives. Errors:
  // corrupt; name the tensor.
  template <class T>
  Result<std::span<const T>> values(std::string_view name) const {
    PSM_TRY(const Tensor* tensor, typed(name, dtype_of<T>(), alignof(T)));
    return std::span(reinterpret_cast<const T*>(tensor->bytes.data()),
                     tensor->bytes.size() / sizeof(T));
  }
  // As values(), copied: no alignment is needed.
  template <class T>
  Result<std::vector<T>> copy(std::string_view name) const {
    PSM_TRY(const Tensor* tensor, typed(name, dtype_of<T>(), 1));
    std::vector<T> out(tensor->bytes.size() / sizeof(T));
    if (!out.empty()) {
      std::memcpy(out.data(), tensor->bytes.data(), tensor->bytes.size());
    }
    return out;
  }

 private:
  Result<const Tensor*> typed(std::string_view name, DType dtype,
                              std::size_t alignment) const;

  Blob blob_;
  Metadata metadata_;
  std::vector<Tensor> tensors_;
};

// The order in which tensors stand in the data: indices into `infos`.
std::vector<std::size_t> data_order(std::span<const TensorInfo> infos);

// Length, JSON and padding: everything before the data, which the caller
// writes in data_order(). Errors: exhausted (over kHeaderMax). REQUIRES: names
// distinct, none is __metadata__; ranks and counts within the limits above
Result<std::string> header(std::span<const TensorInfo> infos,
                           const Metadata& metadata);

// The whole file through `write`, in order. Errors: as header(); of `write`.
// REQUIRES: as header(), and every tensor's bytes match its shape
using Write = std::function<Status(ByteView)>;
Status write_tensors(std::span<const Tensor> tensors, const Metadata& metadata,
                     const Write& write);

// The whole file, atomically (base/path.h), and what it came to.
struct SavedFile {
  std::uint64_t bytes = 0;
  std::string sha256;
};
Result<SavedFile> save_tensors(const std::filesystem::path& path,
                               std::span<const Tensor> tensors,
                               const Metadata& metadata);

}  // namespace psmith::file
