// Names and settings to models.
#include <array>
#include <string>

#include "base/format.h"
#include "model/linear.h"
#include "model/model.h"

namespace psmith::model {
namespace {

struct Entry {
  Kind kind;
  std::string_view name;
};
constexpr std::array<Entry, 3> kKinds{{{Kind::linear, "linear"},
                                       {Kind::logistic, "logistic"},
                                       {Kind::softmax, "softmax"}}};

// Class indices are whole floats.
constexpr std::uint32_t kClassCountMax = 1U << 24;
constexpr std::uint64_t kWeightCountMax = std::uint64_t{1} << 40;

}  // namespace

Result<Kind> kind_of(std::string_view name) {
  std::string known;
  for (const auto& entry : kKinds) {
    if (entry.name == name) return entry.kind;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  return error(Code::invalid, "unknown model '{}'; known: {}", name, known);
}

std::string_view name_of(Kind kind) {
  for (const auto& entry : kKinds) {
    if (entry.kind == kind) return entry.name;
  }
  return "unknown";
}

Result<std::unique_ptr<const Model>> make_model(const Settings& s) {
  if (name_of(s.kind) == "unknown") {
    return error(Code::invalid, "model kind {} is unknown",
                 static_cast<unsigned>(s.kind));
  }
  if (s.kind == Kind::softmax &&
      (s.class_count < 2 || s.class_count > kClassCountMax)) {
    return error(Code::invalid,
                 "a softmax model takes 2 to {} classes; here are {}",
                 kClassCountMax, s.class_count);
  }
  if (s.dense && s.column_count == 0) {
    return error(Code::invalid, "a dense model takes at least one column");
  }
  if (s.dense && s.column_count > kWeightCountMax / s.output_count()) {
    return error(Code::invalid,
                 "{} columns x {} outputs are more than {} weights",
                 s.column_count, s.output_count(), kWeightCountMax);
  }
  return std::unique_ptr<const Model>(std::make_unique<LinearModel>(s));
}

}  // namespace psmith::model
