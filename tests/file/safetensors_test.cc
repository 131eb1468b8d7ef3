#include "file/safetensors.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/format.h"
#include "base/path.h"
#include "base/rng.h"
#include "tests/support/damage.h"
#include "tests/support/temp_dir.h"

namespace psmith::file {
namespace {

using support::blob_of;
using support::text_of;

std::string written(std::span<const Tensor> tensors, const Metadata& metadata) {
  std::string out;
  const auto done = write_tensors(tensors, metadata, [&](ByteView b) -> Status {
    out += text_of(b);
    return Done{};
  });
  REQUIRE(done.ok());
  return out;
}

const std::vector<float> kFloats{1.5F, -2, 3, 4, 5, 6};
const std::vector<std::uint64_t> kWords{7, 8, 9};
const std::vector<std::uint8_t> kBytes{1, 2, 3};

std::vector<Tensor> example() {
  return {tensor_of("small", {3}, std::span<const std::uint8_t>(kBytes)),
          tensor_of("floats", {2, 3}, std::span<const float>(kFloats)),
          tensor_of("none", {0, 4}, std::span<const float>()),
          tensor_of("words", {3}, std::span<const std::uint64_t>(kWords)),
          tensor_of("one", {}, std::span<const float>(kFloats).first(1))};
}

// A file of this header, with `size` bytes of data.
std::string raw_file(const std::string& json, std::size_t size) {
  const std::uint64_t length = json.size();
  return text_of(std::as_bytes(std::span(&length, 1))) + json +
         std::string(size, '\0');
}

std::string refusal(const std::string& text) {
  auto parsed = SafeTensors::parse(blob_of(text));
  if (parsed) return "";
  REQUIRE(parsed.error().code == Code::corrupt);
  return parsed.error().message;
}

std::string entry(const char* dtype, const char* shape, const char* offsets) {
  return format(R"({{"t":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})",
                dtype, shape, offsets);
}

}  // namespace

TEST_CASE("tensors come back as they were written", "[file]") {
  const auto tensors = example();
  const Metadata metadata{{"a", "1"}, {"b", "caf\xc3\xa9 \"x\""}};
  auto parsed = SafeTensors::parse(blob_of(written(tensors, metadata)));
  REQUIRE(parsed.ok());
  REQUIRE(parsed->metadata() == metadata);
  REQUIRE(parsed->tensors().size() == tensors.size());
  for (const auto& tensor : tensors) {
    const auto* found = parsed->find(tensor.info.name);
    REQUIRE(found != nullptr);
    REQUIRE(found->info.dtype == tensor.info.dtype);
    REQUIRE(found->info.shape == tensor.info.shape);
    REQUIRE(text_of(found->bytes) == text_of(tensor.bytes));
  }
  REQUIRE(parsed->copy<float>("floats").value(1) == kFloats);
  REQUIRE(parsed->find("other") == nullptr);
}

TEST_CASE("a mapped file gives aligned values without a copy", "[file]") {
  const support::TempDir dir;
  const auto path = dir / "t.safetensors";
  auto saved = save_tensors(path, example(), {{"k", "v"}});
  REQUIRE(saved.ok());
  REQUIRE(saved->bytes == std::filesystem::file_size(path));
  REQUIRE(saved->sha256 == sha256_file(path).value(1));
  const auto blob = map_file(path).value(1);
  auto parsed = SafeTensors::parse(blob);
  REQUIRE(parsed.ok());
  const auto words = parsed->values<std::uint64_t>("words").value(1);
  REQUIRE(std::vector(words.begin(), words.end()) == kWords);
  const auto offset =
      reinterpret_cast<const std::byte*>(words.data()) - blob.bytes().data();
  REQUIRE(offset % static_cast<std::ptrdiff_t>(kDataAlignment) == 0);
  REQUIRE(parsed->values<float>("floats").value(1).size() == 6);
  REQUIRE(parsed->values<float>("none").value(1).empty());
}

TEST_CASE("the same input gives the same bytes", "[file]") {
  const auto first = written(example(), {{"a", "1"}});
  REQUIRE(first == written(example(), {{"a", "1"}}));
  // The layout is a promise: pinned.
  REQUIRE(sha256(as_bytes(first)) ==
          "680dab18c2d5ebac1c4f1212c861e3664879f24c1b4f72ee12ab814a965dbc9c");
}

TEST_CASE("a tensor of another type or name is refused", "[file]") {
  auto parsed = SafeTensors::parse(blob_of(written(example(), {})));
  REQUIRE(parsed.ok());
  REQUIRE(parsed->values<double>("floats").error().message ==
          "tensor 'floats' is F32, not F64");
  REQUIRE(parsed->copy<float>("x").error().message == "tensor 'x' is missing");
}

TEST_CASE("values that are not aligned are refused, copies are not", "[file]") {
  const auto whole = " " + written(example(), {});
  const auto blob = blob_of(whole);
  auto parsed = SafeTensors::parse(Blob(blob.owner(), blob.bytes().subspan(1)));
  REQUIRE(parsed.ok());
  REQUIRE_FALSE(parsed->values<float>("floats").ok());
  REQUIRE(parsed->copy<float>("floats").value(1) == kFloats);
}

TEST_CASE("a header that contradicts itself or the file is refused", "[file]") {
  REQUIRE(refusal(raw_file(entry("F32", "[2]", "[0,8]"), 8)).empty());
  REQUIRE(refusal(raw_file("{}", 0)).empty());
  REQUIRE(refusal("1234567") == "shorter than 8 bytes");
  REQUIRE(refusal(std::string(8, '\xff')).find("not a safetensors file") !=
          std::string::npos);
  REQUIRE(refusal(raw_file("{}", 0).substr(0, 9)) == "ends within its header");
  REQUIRE(refusal(raw_file("[]", 0)) == "header: not an object");
  REQUIRE(refusal(raw_file("{}", 1)) == "1 bytes belong to no tensor");
  REQUIRE(refusal(raw_file(entry("F32", "[2]", "[0,8]"), 7)) ==
          "tensor 't' ends 1 bytes past the end of the file");
  REQUIRE(refusal(raw_file(entry("F32", "[2]", "[0,8]"), 9)) ==
          "1 bytes belong to no tensor");
  REQUIRE(refusal(raw_file(entry("F32", "[2]", "[1,9]"), 9)) ==
          "tensor 't' begins at 1, not at 0 where the one before it ends");
  const auto disagree = "tensor 't': shape and offsets do not agree";
  REQUIRE(refusal(raw_file(entry("F32", "[3]", "[0,8]"), 8)) == disagree);
  REQUIRE(refusal(raw_file(entry("F32", "[2]", "[8,0]"), 8)) == disagree);
  REQUIRE(refusal(raw_file(entry("F64", "[2305843009213693952,8]", "[0,0]"),
                           0)) == disagree);
  REQUIRE(refusal(raw_file(entry("F99", "[2]", "[0,8]"), 8)) ==
          "tensor 't': unknown dtype 'F99'");
  for (const char* shape : {"[-1]", "[1.5]", "[\"a\"]", "2", "null", "[null]",
                            "[18446744073709551616]", "[1,1,1,1,1,1,1,1,2]"}) {
    REQUIRE_FALSE(refusal(raw_file(entry("F32", shape, "[0,8]"), 8)).empty());
  }
  for (const char* offsets : {"[0]", "[0,8,8]", "[0,-8]", "{}", "[0,8.0]"}) {
    REQUIRE_FALSE(refusal(raw_file(entry("F32", "[2]", offsets), 8)).empty());
  }
  for (const char* json :
       {R"({"t":1})", R"({"t":{}})", R"({"__metadata__":1})",
        R"({"__metadata__":{"a":1}})", R"({"a":{},"a":{}})",
        R"({"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}})"}) {
    REQUIRE_FALSE(refusal(raw_file(json, 0)).empty());
  }
}

TEST_CASE("tensors that overlap or leave a hole are refused", "[file]") {
  const auto two = [](const char* a, const char* b) {
    return raw_file(
        format(R"({{"a":{{"dtype":"U8","shape":[4],"data_offsets":{}}},)"
               R"("b":{{"dtype":"U8","shape":[4],"data_offsets":{}}}}})",
               a, b),
        8);
  };
  REQUIRE(refusal(two("[0,4]", "[4,8]")).empty());
  REQUIRE(refusal(two("[4,8]", "[0,4]")).empty());
  REQUIRE_FALSE(refusal(two("[0,4]", "[3,7]")).empty());
  REQUIRE_FALSE(refusal(two("[0,4]", "[0,4]")).empty());
  REQUIRE_FALSE(refusal(two("[0,4]", "[5,9]")).empty());
}

TEST_CASE("a truncated file is refused at every length", "[file]") {
  support::each_truncation(written(example(), {{"a", "1"}}),
                           [](const std::string& damaged) {
                             REQUIRE_FALSE(refusal(damaged).empty());
                           });
}

TEST_CASE("a flipped bit never gives values outside the file", "[file]") {
  support::each_flipped_bit(
      written(example(), {{"a", "1"}}), [](const std::string& damaged) {
        const auto blob = blob_of(damaged);
        auto parsed = SafeTensors::parse(blob);
        if (!parsed) return;
        std::size_t size = 0;
        for (const auto& tensor : parsed->tensors()) {
          REQUIRE(tensor.bytes.size() == tensor.info.byte_count());
          size += tensor.bytes.size();
        }
        REQUIRE(size <= blob.size());
      });
}

TEST_CASE("mangled files end in a value or an error", "[file]") {
  const auto whole = written(example(), {{"a", "1"}});
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    INFO("seed " << seed);
    Rng rng(seed);
    const auto blob = blob_of(support::mangled(whole, rng));
    auto parsed = SafeTensors::parse(blob);
    if (!parsed) continue;
    for (const auto& tensor : parsed->tensors()) {
      REQUIRE(tensor.bytes.size() == tensor.info.byte_count());
    }
  }
}

TEST_CASE("a header over the limit is an error, not a file", "[file]") {
  const Metadata large{{"text", std::string(kHeaderMax, 'x')}};
  bool called = false;
  const auto done = write_tensors({}, large, [&](ByteView) -> Status {
    called = true;
    return Done{};
  });
  REQUIRE_FALSE(done.ok());
  REQUIRE_FALSE(called);
}

TEST_CASE("an error of the sink ends the writing", "[file]") {
  auto done = write_tensors(example(), {}, [](ByteView) -> Status {
    return Error{Code::exhausted, "full"};
  });
  REQUIRE_FALSE(done.ok());
  REQUIRE(save_tensors("/dev/full", example(), {}).error().code ==
          Code::exhausted);
}

}  // namespace psmith::file
