#include "file/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "base/digest.h"
#include "base/format.h"
#include "base/path.h"
#include "file/json.h"

namespace psmith::file {
namespace {

constexpr const char* kMetadataName = "__metadata__";
constexpr std::size_t kLengthSize = sizeof(std::uint64_t);

struct DTypeRow {
  std::string_view name;
  std::size_t size;
};
// In the order of DType.
constexpr std::array<DTypeRow, 13> kDTypes{{{"BOOL", 1},
                                            {"U8", 1},
                                            {"I8", 1},
                                            {"U16", 2},
                                            {"I16", 2},
                                            {"F16", 2},
                                            {"BF16", 2},
                                            {"U32", 4},
                                            {"I32", 4},
                                            {"F32", 4},
                                            {"U64", 8},
                                            {"I64", 8},
                                            {"F64", 8}}};

Error corrupt(std::string message) {
  return Error{Code::corrupt, std::move(message)};
}

std::optional<DType> dtype_named(std::string_view name) {
  for (std::size_t i = 0; i < kDTypes.size(); ++i) {
    if (kDTypes[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

// The product, or nothing if it does not fit 64 bits.
std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) {
    return std::nullopt;
  }
  return a * b;
}

std::optional<std::uint64_t> checked_byte_count(const TensorInfo& info) {
  std::optional<std::uint64_t> bytes = size_of(info.dtype);
  for (const auto extent : info.shape) {
    if (bytes) bytes = times(*bytes, extent);
  }
  return bytes;
}

struct Placed {
  TensorInfo info;
  std::uint64_t begin = 0, end = 0;
};

Result<std::vector<std::uint64_t>> numbers(const Json& list) {
  std::vector<std::uint64_t> out;
  for (const auto& item : list) {
    if (!item.is_number_unsigned()) {
      return corrupt("holds something else than whole numbers");
    }
    out.push_back(item.get<std::uint64_t>());
  }
  return out;
}

Result<Placed> read_entry(const std::string& name, const Json& json) {
  const auto where = format("tensor '{}'", name);
  Fields fields(json, where);
  std::string dtype_name;
  fields.read("dtype", dtype_name);
  auto shape = numbers(fields.array("shape"));
  auto offsets = numbers(fields.array("data_offsets"));
  PSM_DO(fields.done());
  if (!shape) return std::move(shape.error()).at(where + ": 'shape'");
  if (!offsets)
    return std::move(offsets.error()).at(where + ": 'data_offsets'");
  const auto dtype = dtype_named(dtype_name);
  if (!dtype)
    return corrupt(format("{}: unknown dtype '{}'", where, dtype_name));
  if (shape->size() > kRankMax) {
    return corrupt(format("{}: over {} dimensions", where, kRankMax));
  }
  if (offsets->size() != 2) {
    return corrupt(where + ": 'data_offsets' does not hold two numbers");
  }
  Placed placed{
      {name, *dtype, std::move(*shape)}, (*offsets)[0], (*offsets)[1]};
  const auto bytes = checked_byte_count(placed.info);
  if (placed.begin > placed.end || !bytes ||
      *bytes != placed.end - placed.begin) {
    return corrupt(where + ": shape and offsets do not agree");
  }
  return placed;
}

Result<Metadata> read_metadata(const Json& json) {
  if (!json.is_object()) return corrupt("the metadata is not an object");
  Metadata metadata;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) {
      return corrupt(format("metadata '{}' is not text", name));
    }
    metadata.emplace(name, value.get<std::string>());
  }
  return metadata;
}

// The tensors must follow each other without a hole and end with the data.
Status check_cover(std::vector<Placed> placed, std::uint64_t data_size) {
  std::sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const auto& p : placed) {
    if (p.begin != at) {
      return corrupt(
          format("tensor '{}' begins at {}, not at {} where the one "
                 "before it ends",
                 p.info.name, p.begin, at));
    }
    if (p.end > data_size) {
      return corrupt(
          format("tensor '{}' ends {} bytes past the end of the file",
                 p.info.name, p.end - data_size));
    }
    at = p.end;
  }
  if (at != data_size) {
    return corrupt(format("{} bytes belong to no tensor", data_size - at));
  }
  return Done{};
}

Result<std::string_view> header_of(ByteView bytes) {
  if (bytes.size() < kLengthSize) return corrupt("shorter than 8 bytes");
  const auto length = load_le<std::uint64_t>(bytes);
  if (length > kHeaderMax) {
    return corrupt(format(
        "not a safetensors file: its header would have {} bytes (at most {})",
        length, kHeaderMax));
  }
  if (length > bytes.size() - kLengthSize) {
    return corrupt("ends within its header");
  }
  return std::string_view(
      reinterpret_cast<const char*>(bytes.data()) + kLengthSize,
      static_cast<std::size_t>(length));
}

}  // namespace

std::string_view name_of(DType dtype) {
  return kDTypes[static_cast<std::size_t>(dtype)].name;
}

std::size_t size_of(DType dtype) {
  return kDTypes[static_cast<std::size_t>(dtype)].size;
}

std::uint64_t TensorInfo::count() const {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1},
                         std::multiplies<>());
}

std::uint64_t TensorInfo::byte_count() const {
  return count() * size_of(dtype);
}

Result<SafeTensors> SafeTensors::parse(Blob blob) {
  const auto bytes = blob.bytes();
  PSM_TRY(const auto text, header_of(bytes));
  auto json = parse_json(text);
  if (!json) return std::move(json.error()).at("header");
  if (!json->is_object()) return corrupt("header: not an object");
  if (json->size() > kTensorMax) {
    return corrupt(format("header: over {} tensors", kTensorMax));
  }
  SafeTensors out;
  std::vector<Placed> placed;
  for (const auto& [name, value] : json->items()) {
    if (name == kMetadataName) {
      PSM_TRY(out.metadata_, read_metadata(value));
      continue;
    }
    PSM_TRY(auto entry, read_entry(name, value));
    placed.push_back(std::move(entry));
  }
  const auto data = bytes.subspan(kLengthSize + text.size());
  PSM_DO(check_cover(placed, data.size()));
  for (auto& p : placed) {
    out.tensors_.push_back(
        {std::move(p.info),
         data.subspan(static_cast<std::size_t>(p.begin),
                      static_cast<std::size_t>(p.end) -
                          static_cast<std::size_t>(p.begin))});
  }
  out.blob_ = std::move(blob);
  return out;
}

const Tensor* SafeTensors::find(std::string_view name) const {
  const auto at = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const Tensor& t, std::string_view n) { return t.info.name < n; });
  return at != tensors_.end() && at->info.name == name ? &*at : nullptr;
}

Result<const Tensor*> SafeTensors::typed(std::string_view name, DType dtype,
                                         std::size_t alignment) const {
  const auto* tensor = find(name);
  if (tensor == nullptr) return corrupt(format("tensor '{}' is missing", name));
  if (tensor->info.dtype != dtype) {
    return corrupt(format("tensor '{}' is {}, not {}", name,
                          name_of(tensor->info.dtype), name_of(dtype)));
  }
  const auto address = reinterpret_cast<std::uintptr_t>(tensor->bytes.data());
  if (address % alignment != 0) {
    return corrupt(
        format("tensor '{}' is not aligned to {} bytes", name, alignment));
  }
  return tensor;
}

std::vector<std::size_t> data_order(std::span<const TensorInfo> infos) {
  std::vector<std::size_t> order(infos.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) {
                     return size_of(infos[a].dtype) > size_of(infos[b].dtype);
                   });
  return order;
}

Result<std::string> header(std::span<const TensorInfo> infos,
                           const Metadata& metadata) {
  Json json = Json::object();
  if (!metadata.empty()) {
    Json texts = Json::object();
    for (const auto& [name, text] : metadata) texts[name] = text;
    json[kMetadataName] = std::move(texts);
  }
  std::uint64_t at = 0;
  for (const auto i : data_order(infos)) {
    const auto& info = infos[i];
    PSM_CHECK(!json.contains(info.name) && info.name != kMetadataName,
              "two tensors of one name");
    PSM_CHECK(info.shape.size() <= kRankMax, "a tensor of too many dimensions");
    const auto bytes = checked_byte_count(info);
    PSM_CHECK(bytes && at + *bytes >= at, "a tensor too large");
    json[info.name] = {{"dtype", name_of(info.dtype)},
                       {"shape", info.shape},
                       {"data_offsets", {at, at + *bytes}}};
    at += *bytes;
  }
  auto text = dump(json);
  const auto tail = (kLengthSize + text.size()) % kDataAlignment;
  if (tail != 0) text.append(kDataAlignment - tail, ' ');
  if (text.size() > kHeaderMax) {
    return error(Code::exhausted, "a header of {} bytes; the limit is {}",
                 text.size(), kHeaderMax);
  }
  std::string out(kLengthSize, '\0');
  const std::uint64_t length = text.size();
  std::memcpy(out.data(), &length, kLengthSize);
  return out += text;
}

Status write_tensors(std::span<const Tensor> tensors, const Metadata& metadata,
                     const Write& write) {
  std::vector<TensorInfo> infos;
  for (const auto& tensor : tensors) {
    PSM_CHECK(tensor.bytes.size() == tensor.info.byte_count(),
              "a tensor's bytes do not match its shape");
    infos.push_back(tensor.info);
  }
  PSM_TRY(const auto text, header(infos, metadata));
  PSM_DO(write(as_bytes(text)));
  for (const auto i : data_order(infos)) {
    if (!tensors[i].bytes.empty()) PSM_DO(write(tensors[i].bytes));
  }
  return Done{};
}

Result<SavedFile> save_tensors(const std::filesystem::path& path,
                               std::span<const Tensor> tensors,
                               const Metadata& metadata) {
  PSM_TRY(auto file, AtomicFile::create(path));
  Sha256 digest;
  PSM_DO(write_tensors(tensors, metadata, [&](ByteView bytes) -> Status {
    digest.update(bytes);
    return file.write(bytes);
  }));
  PSM_DO(file.commit());
  return SavedFile{file.written_bytes(), digest.hex()};
}

}  // namespace psmith::file
