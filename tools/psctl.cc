// psctl: the master of a cluster, and every command to it.
#include "cli/psctl_completion.h"
#include "cli/psctl_jobs.h"
#include "cli/psctl_master.h"
#include "cli/psctl_models.h"
#include "cli/psctl_train.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  using namespace psmith::cli;
  Program program("psctl", "trains models, and commands a cluster");
  add_train(program);
  add_evaluate(program);
  add_show(program);
  add_master(program);
  add_status(program);
  add_jobs(program);
  add_nodes(program);
  add_events(program);
  add_wait(program);
  add_cancel(program);
  add_models(program);
  add_export(program);
  add_import(program);
  add_completion(program);
  return program.run(argc, argv);
}
