// Admission: which job specs are taken. A spec comes from a peer: every number
// in it is checked before anybody computes with it. Pure; any thread.
#pragma once

#include "base/result.h"
#include "wire/job.h"

namespace psmith::sched {

// Errors (invalid): what is wrong with the spec, by field.
Status admit(const wire::JobSpec& spec);

}  // namespace psmith::sched
