// psctl completion: what makes a shell complete the five programs. One thread.
#pragma once

#include "run.h"

namespace psmith::cli {

void add_completion(Program& program);

}  // namespace psmith::cli
