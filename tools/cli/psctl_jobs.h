// psctl jobs, models, status, nodes, events, wait, cancel: what a cluster
// does, and how to stop it. One thread.
#pragma once

#include "report.h"
#include "run.h"
#include "session.h"

namespace psmith::cli {

void add_jobs(Program& program);
void add_models(Program& program);
void add_status(Program& program);
void add_nodes(Program& program);
void add_events(Program& program);
void add_wait(Program& program);
void add_cancel(Program& program);

Json job_json(const wire::JobInfo& job);

}  // namespace psmith::cli
