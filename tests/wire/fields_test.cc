// The page psmith-protocol(7) names every message, field, number and type of
// the code, and no other.
#include "wire/fields.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "wire/codec.h"
#include "wire/limits.h"
#include "wire/version.h"

namespace psmith::wire {
namespace {

using Lines = std::vector<std::string>;
// Heading of a section ("PushOk (type 31)") to its field lines.
using Sections = std::map<std::string, Lines>;

template <class T>
std::string type_name() {
  if constexpr (kIsStruct<T>) {
    return std::string(Fields<T>::name);
  } else if constexpr (kIsVector<T>) {
    return "array of " + type_name<typename T::value_type>();
  } else if constexpr (kIsId<T>) {
    return "u64";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "string";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "bool";
  } else if constexpr (std::is_enum_v<T>) {
    return format("{} to {}", EnumRange<T>::min, EnumRange<T>::max);
  } else {
    return format("{}{}", std::is_floating_point_v<T> ? 'f' : 'u',
                  sizeof(T) * 8);
  }
}

// Adds T's section, and those of the parts that it holds.
template <class T>
void describe(Sections& out) {
  if constexpr (kIsVector<T>) {
    describe<typename T::value_type>(out);
  } else if constexpr (kIsStruct<T>) {
    const auto title =
        Fields<T>::type == 0
            ? std::string(Fields<T>::name)
            : format("{} (type {})", Fields<T>::name, Fields<T>::type);
    if (out.contains(title)) return;
    auto& lines = out[title];
    const auto add = [&]<class M>(const Field<T, M>& field) {
      lines.push_back(format(".It {} Ta {} Ta {}", field.number, field.name,
                             type_name<M>()));
      describe<M>(out);
    };
    std::apply([&](const auto&... field) { (add(field), ...); },
               Fields<T>::list);
  }
}

template <std::size_t I = 0>
void describe_all(Sections& out) {
  if constexpr (I < std::variant_size_v<Body>) {
    describe<std::variant_alternative_t<I, Body>>(out);
    describe_all<I + 1>(out);
  }
}

std::string page_text() {
  const auto root =
      std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  std::ifstream in(root / "man" / "psmith-protocol.7");
  return {std::istreambuf_iterator<char>(in), {}};
}

// ".It 3 Ta job Ta u64 Ta of the request" without the last column.
std::string without_remark(const std::string& line) {
  std::size_t end = line.find(" Ta ");
  if (end != std::string::npos) end = line.find(" Ta ", end + 4);
  if (end != std::string::npos) end = line.find(" Ta ", end + 4);
  return line.substr(0, end);
}

// The subsections of the page's MESSAGES and PARTS with their numbered items.
Sections sections_of(const std::string& page) {
  Sections out;
  std::istringstream in(page);
  std::string line, title;
  bool listed = false;
  while (std::getline(in, line)) {
    if (line.starts_with(".Sh ")) {
      const auto name = line.substr(4);
      listed = name == "MESSAGES" || name == "PARTS OF MESSAGES";
      title.clear();
    }
    if (!listed) continue;
    if (line.starts_with(".Ss ")) {
      title = line.substr(4);
      out[title];
    } else if (line.starts_with(".It ") && !title.empty()) {
      out[title].push_back(without_remark(line));
    }
  }
  return out;
}

// Does the enum have a name for this value?
template <auto Value>
constexpr bool named() {
  const std::string_view text = __PRETTY_FUNCTION__;
  return text.find("Value = (") == std::string_view::npos;
}
template <class E>
constexpr bool has_range() {
  constexpr auto min = EnumRange<E>::min, max = EnumRange<E>::max;
  return named<static_cast<E>(min)>() && named<static_cast<E>(max)>() &&
         !named<static_cast<E>(max + 1)>();
}

TEST_CASE("the wire takes every value of an enum and no other", "[wire]") {
  STATIC_REQUIRE(has_range<Role>());
  STATIC_REQUIRE(has_range<JobState>());
  STATIC_REQUIRE(has_range<model::Kind>());
  STATIC_REQUIRE(has_range<optim::Rule>());
  STATIC_REQUIRE(has_range<optim::Schedule>());
}

TEST_CASE("the protocol page lists every message and field", "[wire]") {
  Sections code;
  describe_all(code);
  auto page = sections_of(page_text());
  REQUIRE_FALSE(page.empty());
  for (const auto& [title, lines] : code) {
    CAPTURE(title);
    REQUIRE(page.contains(title));
    REQUIRE(page[title] == lines);
    page.erase(title);
  }
  for (const auto& [title, lines] : page) {
    FAIL_CHECK("the page lists '" + title + "', the code does not");
  }
}

std::string hex_of(const Body& body) {
  auto frame = encode_header(body, {});
  REQUIRE(frame);
  std::string text;
  for (const auto byte : *frame) {
    text += format("{}{:02x}", text.empty() ? "" : " ",
                   static_cast<unsigned>(byte));
  }
  return text;
}

TEST_CASE("the protocol page names the version, limits and examples",
          "[wire]") {
  const auto page = page_text();
  const auto names = [&](const std::string& words) {
    CAPTURE(words);
    REQUIRE(page.find(words) != std::string::npos);
  };
  names(format("wire version is {}", kWireVersion));
  names(format("header frame Ta {} MiB", kHeaderBytesMax / kMiB));
  names(format("one string Ta {} MiB", kStringBytesMax / kMiB));
  names(format("elements of one array or map Ta {}", kArrayCountMax));
  names(format("nested maps and arrays Ta {}", kDepthMax));
  names(hex_of(Nodes{}));
  Watch watch;
  watch.after_seq = 5;
  watch.job = JobId(1);
  names(hex_of(watch));
  names(format("decoded header Ta {} MiB", kDecodedBytesMax / kMiB));
  names(format("blobs of a message Ta {}", kBlobCountMax));
  names(format("one blob frame Ta {} MiB", kBlobFrameBytesMax / kMiB));
  names(format("blobs of a message together Ta {} GiB",
               kMessageBytesMax / kMiB / 1024));
  names(format("rows of a Predict Ta {}", kPredictRowMax));
  names(format("rows x outputs of a Predict Ta {}", kPredictOutputMax));
}

}  // namespace
}  // namespace psmith::wire
