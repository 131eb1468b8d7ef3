// What every node computes from a job's record alone: its placement and its
// schedule. Pure; any thread.
#pragma once

#include "model/model.h"
#include "placement/placement.h"
#include "placement/schedule.h"
#include "wire/job.h"

namespace psmith::store {

placement::Placement placement_of(const wire::JobRecord& record,
                                  const model::Model& model);
placement::ScheduleSettings schedule_of(const wire::JobSpec& spec);

}  // namespace psmith::store
