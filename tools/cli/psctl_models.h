// psctl evaluate, show, export and import: what one model is worth and what
// is inside it. One thread.
#pragma once

#include "run.h"

namespace psmith::cli {

void add_evaluate(Program& program);
void add_show(Program& program);
void add_export(Program& program);
void add_import(Program& program);

}  // namespace psmith::cli
