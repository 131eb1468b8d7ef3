#include "cli/psworker_cli.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  psmith::cli::Program program(
      "psworker", "computes gradients, evaluations and predictions");
  psmith::cli::WorkerFlags flags;
  psmith::cli::declare(program.app(), flags);
  program.action(
      [&](auto& console) { return psmith::cli::run_worker(flags, console); });
  return program.run(argc, argv);
}
