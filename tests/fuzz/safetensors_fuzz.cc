// safetensors: the tensors of a file that is taken lie inside it, cover it and
// have the size of their shape; written again they are the same.
//
// Input: mode (1 byte; even: the bytes that follow are the file; odd: they are
// a header, to be given its length and the data that follows a NUL byte).
#include <algorithm>

#include "file/json.h"
#include "file/safetensors.h"
#include "input.h"

namespace psmith::fuzz {
namespace {

using file::SafeTensors;
using file::Tensor;

Blob file_of(std::uint8_t mode, std::string_view rest) {
  if (mode % 2 == 0) return blob_of(rest);
  const auto header = rest.substr(0, rest.find('\0'));
  const auto data = rest.substr(std::min(header.size() + 1, rest.size()));
  const std::uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  bytes += header;
  bytes += data;
  return blob_of(bytes);
}

void check_tensors(const SafeTensors& file, ByteView whole) {
  std::size_t sum = 0;
  const std::string* last = nullptr;
  for (const auto& tensor : file.tensors()) {
    const auto& info = tensor.info;
    PSM_CHECK(last == nullptr || *last < info.name, "tensors by name");
    last = &info.name;
    PSM_CHECK(file.find(info.name) == &tensor, "a tensor found by its name");
    PSM_CHECK(tensor.bytes.size() == info.byte_count(), "shape and bytes");
    PSM_CHECK(info.shape.size() <= file::kRankMax, "few dimensions");
    sum += tensor.bytes.size();
    if (tensor.bytes.empty()) continue;
    PSM_CHECK(tensor.bytes.data() >= whole.data() + 8 &&
                  tensor.bytes.data() + tensor.bytes.size() <=
                      whole.data() + whole.size(),
              "a tensor inside the file");
  }
  PSM_CHECK(load_le<std::uint64_t>(whole) + 8 + sum == whole.size(),
            "tensors that cover the file");
}

void check_values(const SafeTensors& file, const Tensor& tensor) {
  const auto aligned = file.values<float>(tensor.info.name);
  const auto copied = file.copy<float>(tensor.info.name);
  const bool is_float = tensor.info.dtype == file::DType::f32;
  PSM_CHECK(copied.ok() == is_float, "floats are copied");
  PSM_CHECK(!aligned.ok() || is_float, "only floats are seen as such");
}

// psmith's own file of the same tensors.
void check_round_trip(const SafeTensors& file) {
  std::string bytes;
  const auto append = [&](ByteView piece) -> Status {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return Done{};
  };
  const auto written =
      file::write_tensors(file.tensors(), file.metadata(), append);
  PSM_CHECK(written.ok(), "tensors written again");
  auto again = SafeTensors::parse(blob_of(bytes));
  PSM_CHECK(again.ok(), "tensors read again");
  const auto& second = *again;
  PSM_CHECK(second.metadata() == file.metadata(), "the same metadata");
  PSM_CHECK(second.tensors().size() == file.tensors().size(), "all tensors");
  for (std::size_t i = 0; i < file.tensors().size(); ++i) {
    const auto& a = file.tensors()[i];
    const auto& b = second.tensors()[i];
    PSM_CHECK(a.info.name == b.info.name && a.info.dtype == b.info.dtype &&
                  a.info.shape == b.info.shape,
              "the same tensor");
    PSM_CHECK(std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(),
                         b.bytes.end()),
              "the same bytes");
  }
}

void run(Taker input) {
  const auto mode = input.byte();
  const auto blob = file_of(mode, input.rest());
  auto file = SafeTensors::parse(blob);
  if (!file) {
    PSM_CHECK(file.error().code == Code::corrupt, "a refusal");
    PSM_CHECK(!file.error().message.empty(), "a refusal says why");
    return;
  }
  check_tensors(*file, blob.bytes());
  for (const auto& tensor : file->tensors()) check_values(*file, tensor);
  check_round_trip(*file);
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
