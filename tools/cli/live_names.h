// What a master knows, for completion: asked in a given time, or not at all.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "wire/message.h"

namespace psmith::cli {

// The jobs of the master (ADDRESS or @FILE) as far as they come until then;
// none after any error. A thread may be left behind that still asks: the
// caller ends the process without waiting for it. Any thread.
std::vector<wire::JobInfo> jobs_by(Instant until, const std::string& master);

}  // namespace psmith::cli
