// Whether a job has room on this machine: for its weights in memory and, if it
// writes checkpoints, in a folder. Asked before a server's lanes take the job.
// Any thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "wire/job.h"

namespace psmith::node {

// Bytes of the dense part of these lanes (their indices in the record): weights
// at two versions, optimizer slots, the sum that is applied, and what a
// checkpoint copies. Tables grow as keys come. REQUIRES: the record was
// admitted
std::uint64_t dense_bytes(const wire::JobRecord& record,
                          std::span<const std::size_t> lanes);

// Errors: exhausted, if the lanes need more memory than there is available
// (nine tenths of it count); conflict, if the checkpoint folder is not there or
// not to be written to.
Status has_room(const wire::JobRecord& record,
                std::span<const std::size_t> lanes);

}  // namespace psmith::node
