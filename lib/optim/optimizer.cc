#include "optim/optimizer.h"

#include <cmath>
#include <span>

#include "base/format.h"
#include "optim/rules.h"

namespace psmith::optim {
namespace {

template <class T>
struct Named {
  T value;
  std::string_view name;
};
constexpr std::array<Named<Rule>, 4> kRules{{{Rule::sgd, "sgd"},
                                             {Rule::adagrad, "adagrad"},
                                             {Rule::ftrl, "ftrl"},
                                             {Rule::dog, "dog"}}};
constexpr std::array<Named<Schedule>, 3> kSchedules{
    {{Schedule::constant, "constant"},
     {Schedule::linear, "linear"},
     {Schedule::cosine, "cosine"}}};

template <class T, std::size_t N>
Result<T> value_of(const std::array<Named<T>, N>& list, std::string_view name,
                   std::string_view what) {
  std::string known;
  for (const auto& entry : list) {
    if (entry.name == name) return entry.value;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  return error(Code::invalid, "unknown {} '{}'; known: {}", what, name, known);
}

template <class T, std::size_t N>
std::string_view name_in(const std::array<Named<T>, N>& list, T value) {
  for (const auto& entry : list) {
    if (entry.value == value) return entry.name;
  }
  return "unknown";
}

Status check_range(std::string_view name, double value, bool zero_allowed) {
  // What a float can hold, with room for a product.
  if (std::isfinite(value) && value <= 1e18 &&
      (value > 1e-18 || (zero_allowed && value == 0))) {
    return Done{};
  }
  return error(Code::invalid, "{} is {}; it must be {} and at most 1e18", name,
               value, zero_allowed ? "0 or more" : "above 0");
}

}  // namespace

Result<std::unique_ptr<const Optimizer>> make_optimizer(const Settings& s) {
  PSM_DO(check_range("rate", s.rate, false));
  PSM_DO(check_range("beta", s.beta, true));
  PSM_DO(check_range("l1", s.l1, true));
  PSM_DO(check_range("l2", s.l2, true));
  if (name_of(s.schedule) == "unknown") {
    return error(Code::invalid, "schedule {} is unknown",
                 static_cast<unsigned>(s.schedule));
  }
  switch (s.rule) {
    case Rule::sgd:
      return make_sgd(s);
    case Rule::adagrad:
      return make_adagrad(s);
    case Rule::ftrl:
      if (s.schedule != Schedule::constant) {
        return error(Code::invalid,
                     "ftrl takes a constant schedule only, not {}: its rate "
                     "falls by itself",
                     name_of(s.schedule));
      }
      return make_ftrl(s);
    case Rule::dog:
      return make_dog(s);
  }
  return error(Code::invalid, "optimizer {} is unknown",
               static_cast<unsigned>(s.rule));
}

Result<Rule> rule_of(std::string_view name) {
  return value_of(kRules, name, "optimizer");
}
std::string_view name_of(Rule rule) { return name_in(kRules, rule); }

Result<Schedule> schedule_of(std::string_view name) {
  return value_of(kSchedules, name, "schedule");
}
std::string_view name_of(Schedule schedule) {
  return name_in(kSchedules, schedule);
}

}  // namespace psmith::optim
