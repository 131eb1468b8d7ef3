// Optimizer: the rule that turns a summed gradient into new weights, in place.
//
// A run of n weights has slot_count() slots of n floats each (z, n, ...),
// stored beside the weights by the owner (store). All slots start at
// slot_init(). The owner has already divided g by the weight total where the
// job combines by mean. Pure; const; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace psmith::optim {

enum class Rule : std::uint8_t { sgd = 0, adagrad = 1, ftrl = 2, dog = 3 };
// How the rate moves over the steps of a job (rate.h).
enum class Schedule : std::uint8_t { constant = 0, linear = 1, cosine = 2 };

struct Settings {
  Rule rule = Rule::adagrad;
  Schedule schedule = Schedule::constant;
  double rate = 0.1;  // alpha for ftrl; dog: a share of the distance
  double beta = 1.0;  // ftrl, adagrad: added to sqrt(n); dog: the first step
  double l1 = 0;
  double l2 = 0;
  bool mean = true;  // divide the gradient by the weight total
};

inline constexpr std::size_t kSlotMax = 3;

// n weights, their slots and their gradient; each points at n floats.
struct Run {
  float* weight = nullptr;
  std::array<float*, kSlotMax> slot{};
  const float* gradient = nullptr;
  std::size_t size = 0;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual std::size_t slot_count() const = 0;
  virtual float slot_init() const = 0;
  // rate: this step's, from rate_at(). Applies to every weight of the run.
  // regularise: false for a bias (l1 and l2 are left out).
  virtual void apply(const Run& run, double rate, bool regularise) const = 0;
};

// Errors (invalid): a setting that is not finite or out of range, by name.
Result<std::unique_ptr<const Optimizer>> make_optimizer(const Settings& s);

Result<Rule> rule_of(std::string_view name);
std::string_view name_of(Rule rule);
Result<Schedule> schedule_of(std::string_view name);
std::string_view name_of(Schedule schedule);

}  // namespace psmith::optim
