// psctl train: submits a training job, follows it, and writes its model. One
// thread.
#pragma once

#include "run.h"

namespace psmith::cli {

void add_train(Program& program);

}  // namespace psmith::cli
