// Whether a job has room on this machine: for its weights in memory and, if it
// writes checkpoints, in a folder. Asked before a lane takes the job. Any
// thread.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "wire/job.h"

namespace psmith::node {

// Bytes that the dense part of one lane will take at its most: weights at two
// versions, optimizer slots, and the sum that is applied. Tables grow as keys
// come. REQUIRES: the record was admitted
std::uint64_t dense_bytes(const wire::JobRecord& record, std::size_t index);

// Errors: exhausted, if lane_count lanes like this one need more memory than
// there is available (nine tenths of it count); conflict, if the checkpoint
// folder is not there or not to be written to.
Status has_room(const wire::JobRecord& record, std::size_t index,
                std::size_t lane_count);

}  // namespace psmith::node
