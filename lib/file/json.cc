#include "file/json.h"

#include <algorithm>
#include <set>

#include "base/utf8.h"

namespace psmith::file {
namespace {

// Walks the text once, building nothing but the names of the open objects.
class Checker : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override {
    names_.emplace_back();
    return enter();
  }
  bool end_object() override {
    names_.pop_back();
    return leave();
  }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    if (names_.back().insert(name).second) return true;
    fault = format("the name '{}' stands twice in one object", name);
    return false;
  }
  bool parse_error(std::size_t at, const std::string&,
                   const nlohmann::detail::exception&) override {
    fault = format("not valid JSON at byte {}", at);
    return false;
  }

  std::string fault;

 private:
  bool enter() {
    if (++depth_ <= kJsonDepthMax) return true;
    fault = format("nested deeper than {}", kJsonDepthMax);
    return false;
  }
  bool leave() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  std::vector<std::set<std::string>> names_;
};

// U+F780 .. U+F7FF stand for bytes: EF 9E 80 .. EF 9F BF.
bool stands_for_byte(std::string_view sequence) {
  return sequence.size() == 3 && sequence[0] == '\xef' &&
         (sequence[1] == '\x9e' || sequence[1] == '\x9f');
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  Checker checker;
  if (!Json::sax_parse(text, &checker)) {
    return Error{Code::corrupt, checker.fault};
  }
  auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error{Code::corrupt, "not valid JSON"};
  return json;
}

std::string json_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto n = utf8_length(bytes);
    const auto sequence = bytes.substr(0, n);
    if (n > 0 && !stands_for_byte(sequence)) {
      out += sequence;
      bytes.remove_prefix(n);
      continue;
    }
    const auto byte = static_cast<unsigned char>(bytes[0]);
    out += '\xef';
    out += byte < 0xc0 ? '\x9e' : '\x9f';
    out += static_cast<char>(0x80 | (byte & 0x3f));
    bytes.remove_prefix(1);
  }
  return out;
}

std::string bytes_of_json_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto sequence = text.substr(i, 3);
    if (!stands_for_byte(sequence)) {
      out += text[i++];
      continue;
    }
    const unsigned high = sequence[1] == '\x9e' ? 0x80 : 0xc0;
    out += static_cast<char>(high |
                             (static_cast<unsigned char>(sequence[2]) & 0x3fU));
    i += 3;
  }
  return out;
}

std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false,
                    Json::error_handler_t::replace);
}

Fields::Fields(const Json& json, std::string where)
    : json_(json), where_(std::move(where)) {
  if (!json_.is_object()) fault_ = where_ + " is not an object";
}

const Json* Fields::take(const char* name) {
  if (!ok()) return nullptr;
  const auto at = json_.find(name);
  if (at == json_.end()) {
    fail(name, "is missing");
    return nullptr;
  }
  seen_.emplace_back(name);
  return &*at;
}

void Fields::fail(const char* name, std::string_view reason) {
  if (ok()) fault_ = format("{}: '{}' {}", where_, name, reason);
}

const Json& Fields::nested(const char* name, Json::value_t type,
                           const char* what) {
  static const Json nothing;
  const Json* value = take(name);
  if (value == nullptr) return nothing;
  if (value->type() != type) {
    fail(name, what);
    return nothing;
  }
  return *value;
}

const Json& Fields::array(const char* name) {
  return nested(name, Json::value_t::array, "is not a list");
}

const Json& Fields::object(const char* name) {
  return nested(name, Json::value_t::object, "is not an object");
}

Status Fields::done() {
  if (ok()) {
    for (const auto& [name, value] : json_.items()) {
      if (std::find(seen_.begin(), seen_.end(), name) == seen_.end()) {
        fail(name.c_str(), "is not a known name");
      }
    }
  }
  if (!ok()) return Error{Code::corrupt, fault_};
  return Done{};
}

bool Fields::convert(const Json& value, bool& out) {
  if (!value.is_boolean()) return false;
  out = value.get<bool>();
  return true;
}

bool Fields::convert(const Json& value, double& out) {
  if (!value.is_number()) return false;
  out = value.get<double>();
  return std::isfinite(out);
}

bool Fields::convert(const Json& value, std::string& out) {
  if (!value.is_string()) return false;
  out = bytes_of_json_text(value.get_ref<const std::string&>());
  return true;
}

bool Fields::convert(const Json& value, std::vector<std::string>& out) {
  if (!value.is_array()) return false;
  out.clear();
  for (const auto& item : value) {
    if (!convert(item, out.emplace_back())) return false;
  }
  return true;
}

}  // namespace psmith::file
