#include "store/job_shape.h"

namespace psmith::store {

namespace {

std::vector<std::size_t> sizes_of(const model::Model& model) {
  std::vector<std::size_t> sizes;
  for (const auto& tensor : model.tensors()) sizes.push_back(tensor.size());
  return sizes;
}

}  // namespace

placement::Placement placement_of(const wire::JobRecord& record,
                                  const model::Model& model) {
  std::vector<std::uint64_t> lanes;
  for (const auto& lane : record.lanes) lanes.push_back(lane.lane);
  return placement::Placement(lanes, sizes_of(model), model.tables().size());
}

placement::ScheduleSettings schedule_of(const wire::JobSpec& spec) {
  return {.train = spec.train.shape,
          .eval = spec.eval.shape,
          .group_blocks = spec.group_blocks,
          .epochs = spec.epochs,
          .step_max = spec.step_max,
          .eval_every = spec.eval_every,
          .seed = spec.seed};
}

}  // namespace psmith::store
