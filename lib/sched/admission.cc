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
  auto made = model::make_model(model);
  if (!made) return std::move(made.error());
  if (spec.classes.size() > std::size_t{1} << 24) {
    return error(Code::invalid, "{} classes", spec.classes.size());
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
  if (spec.kind == "import") return Done{};
  if (auto made = optim::make_optimizer(spec.optimizer); !made) {
    return std::move(made.error());
  }
  if (spec.group_blocks == 0 || spec.epochs == 0 || spec.epochs > kEpochMax) {
    return error(Code::invalid, "{} epochs of steps of {} micro-batches",
                 spec.epochs, spec.group_blocks);
  }
  if (!std::isfinite(spec.min_delta)) {
    return error(Code::invalid, "min-delta is not a number");
  }
  PSM_DO(admit_data(spec.train, spec.group_blocks, "training data"));
  PSM_DO(admit_data(spec.eval, spec.group_blocks, "evaluation data"));
  if (!any_rows(spec.train)) {
    return error(Code::invalid, "no rows to train on");
  }
  return Done{};
}

}  // namespace psmith::sched
