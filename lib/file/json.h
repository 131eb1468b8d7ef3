// JSON in and out, strictly: what psmith's files and headers share.
//
// parse_json refuses duplicate names, nesting deeper than kJsonDepthMax and
// anything after the value. Fields reads one object: every name must be there
// with the right type, and no name may be left over.
//
// JSON is UTF-8, labels and column names are whatever bytes the user's file
// has. json_text maps any bytes to valid UTF-8 and back without loss: a byte b
// that is not part of valid UTF-8 becomes U+F700 + b, and so does every byte
// of a code point U+F780 .. U+F7FF in the input. Any thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/result.h"

namespace psmith::file {

using Json = nlohmann::json;

inline constexpr std::size_t kJsonDepthMax = 32;

// Errors: corrupt; with the offset.
Result<Json> parse_json(std::string_view text);

std::string json_text(std::string_view bytes);
std::string bytes_of_json_text(std::string_view text);

// Compact text; never throws if all strings went through json_text.
std::string dump(const Json& value, int indent = -1);

class Fields {
 public:
  // where: prefix of every message, "schema" or "column 3". REQUIRES: json
  // outlives the Fields.
  Fields(const Json& json, std::string where);

  // Reads one field. After the first fault nothing more is read. T: bool, an
  // unsigned integer, a finite double, a std::string (through
  // bytes_of_json_text) or a std::vector<std::string>.
  template <class T>
  Fields& read(const char* name, T& out) {
    if (const Json* value = take(name)) {
      if (!convert(*value, out)) fail(name, what_is<T>());
    }
    return *this;
  }

  // A nested value, or a null JSON value after a fault. array, object: which
  // of them it must be.
  const Json& array(const char* name);
  const Json& object(const char* name);

  void fail(const char* name, std::string_view reason);
  bool ok() const { return fault_.empty(); }

  // The first fault, or a name that was not read. Errors: corrupt.
  Status done();

 private:
  const Json* take(const char* name);
  const Json& nested(const char* name, Json::value_t type, const char* what);

  static bool convert(const Json& value, bool& out);
  static bool convert(const Json& value, double& out);
  static bool convert(const Json& value, std::string& out);
  static bool convert(const Json& value, std::vector<std::string>& out);
  template <class T>
  requires std::is_unsigned_v<T>
  static bool convert(const Json& value, T& out) {
    if (!value.is_number_unsigned()) return false;
    const auto number = value.get<std::uint64_t>();
    out = static_cast<T>(number);
    return out == number;
  }

  template <class T>
  static constexpr std::string_view what_is() {
    if constexpr (std::is_same_v<T, bool>) return "is not true or false";
    if constexpr (std::is_same_v<T, double>) return "is not a finite number";
    if constexpr (std::is_same_v<T, std::string>) return "is not text";
    if constexpr (std::is_unsigned_v<T>)
      return "is not a whole number in range";
    return "is not a list of texts";
  }

  const Json& json_;
  std::string where_;
  std::string fault_;
  std::vector<std::string> seen_;
};

}  // namespace psmith::file
