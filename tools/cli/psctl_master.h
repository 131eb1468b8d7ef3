// psctl master: runs the control plane. One thread.
#pragma once

#include "run.h"

namespace psmith::cli {

void add_master(Program& program);

}  // namespace psmith::cli
