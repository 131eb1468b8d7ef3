#include "sched/admission.h"

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/format.h"
#include "model/model.h"
#include "optim/optimizer.h"
#include "sched/settings.h"
#include "sched/text.h"

namespace psmith::sched {
namespace {

constexpr std::uint64_t kRowMax = std::uint64_t{1} << 48;
constexpr std::uint64_t kGroupMax = std::uint64_t{1} << 24;  // of an epoch
constexpr std::uint64_t kBlockMax = ~std::uint32_t{0};       // of a shard
constexpr std::uint32_t kLeafMax = 1U << 20;                 // of a step
constexpr std::uint64_t kEpochMax = 1'000'000;
constexpr std::uint64_t kWeightMax = std::uint64_t{1} << 34;  // dense floats
constexpr std::size_t kHeaderMax = std::size_t{16} << 20;

Status admit_data(const wire::DataRef& data, std::uint32_t group_blocks,
                  std::string_view which) {
  const auto& shape = data.shape;
  if (shape.block_rows == 0) {
    return error(Code::invalid, "{}: blocks of 0 rows", which);
  }
  if (shape.shard_rows.size() != data.shards.size()) {
    return error(Code::invalid, "{}: {} shards with {} row counts", which,
                 data.shards.size(), shape.shard_rows.size());
  }
  std::uint64_t groups = 0;
  for (std::size_t i = 0; i < shape.shard_rows.size(); ++i) {
    if (shape.shard_rows[i] > kRowMax) {
      return error(Code::invalid, "{}: a shard of {} rows (at most {})", which,
                   shape.shard_rows[i], kRowMax);
    }
    if (shape.block_count(i) > kBlockMax) {
      return error(Code::invalid,
                   "{}: a shard of {} micro-batches (at most {})", which,
                   shape.block_count(i), kBlockMax);
    }
    groups += (shape.block_count(i) + group_blocks - 1) / group_blocks;
    if (groups > kGroupMax) {
      return error(Code::invalid,
                   "{}: more than {} steps an epoch; use a larger batch", which,
                   kGroupMax);
    }
  }
  if (one_line(data.folder, data.folder.size()) != data.folder) {
    return error(Code::invalid, "{}: a folder with control characters", which);
  }
  return Done{};
}

bool any_rows(const wire::DataRef& data) {
  for (const auto rows : data.shape.shard_rows) {
    if (rows > 0) return true;
  }
  return false;
}

Status admit_model(const wire::JobSpec& spec) {
  const auto& model = spec.model;
  if (model.dense && model.column_count > 0 &&
      model.output_count() > kWeightMax / model.column_count) {
    return error(Code::invalid, "{} x {} weights (at most {})",
                 model.output_count(), model.column_count, kWeightMax);
  }
  const bool plain = model.label_mean == 0 && model.label_scale == 1;
  if (!std::isfinite(model.label_mean) || !std::isnormal(model.label_scale) ||
      model.label_scale < 0 || (model.kind != model::Kind::linear && !plain)) {
    return error(Code::invalid, "labels of mean {} and scale {}",
                 model.label_mean, model.label_scale);
  }
  auto made = model::make_model(model);
  if (!made) return std::move(made.error());
  const std::size_t classes = model.kind == model::Kind::linear ? 0
                              : model.kind == model::Kind::logistic
                                  ? 2
                                  : model.class_count;
  // An import serves weights: its labels are names in the model's header.
  const bool named = !spec.classes.empty() || spec.kind == "train";
  if (named && spec.classes.size() != classes) {
    return error(Code::invalid, "{} class labels for a {} model of {}",
                 spec.classes.size(), model::name_of(model.kind), classes);
  }
  for (std::size_t c = 0; c < spec.classes.size(); ++c) {
    if (!std::isfinite(spec.classes[c]) ||
        (c > 0 && !(spec.classes[c - 1] < spec.classes[c]))) {
      return error(Code::invalid, "class label {} is out of order", c);
    }
  }
  return Done{};
}

// What a lane's schedule needs of any job; an import has no steps.
Status admit_steps(const wire::JobSpec& spec) {
  if (spec.group_blocks == 0 || spec.group_blocks > kLeafMax ||
      spec.epochs == 0 || spec.epochs > kEpochMax) {
    return error(Code::invalid, "{} epochs of steps of {} micro-batches",
                 spec.epochs, spec.group_blocks);
  }
  if (!std::isfinite(spec.min_delta)) {
    return error(Code::invalid, "min-delta is not a number");
  }
  PSM_DO(admit_data(spec.train, spec.group_blocks, "training data"));
  PSM_DO(admit_data(spec.eval, spec.group_blocks, "evaluation data"));
  const bool import = spec.kind == "import";
  if (import && !(spec.train.shards.empty() && spec.eval.shards.empty())) {
    return error(Code::invalid, "an import with data");
  }
  if (!import && !any_rows(spec.train)) {
    return error(Code::invalid, "no rows to train on");
  }
  return Done{};
}

}  // namespace

Status admit(const wire::JobSpec& spec) {
  if (spec.kind != "train" && spec.kind != "import") {
    return error(Code::invalid, "unknown kind of job '{}' (train, import)",
                 one_line(spec.kind, kNameMax));
  }
  if (spec.name.size() > kNameMax ||
      one_line(spec.name, kNameMax) != spec.name) {
    return error(Code::invalid, "a name is one line of at most {} bytes",
                 kNameMax);
  }
  if (spec.model_header.size() > kHeaderMax) {
    return error(Code::invalid, "a model header of {} bytes (at most {})",
                 spec.model_header.size(), kHeaderMax);
  }
  PSM_DO(admit_model(spec));
  if (auto made = optim::make_optimizer(spec.optimizer); !made) {
    return std::move(made.error());
  }
  return admit_steps(spec);
}

}  // namespace psmith::sched
