#include "cli/psserver_cli.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  psmith::cli::Program program(
      "psserver",
      "holds parameters: sums pushes, updates the model, answers pulls");
  psmith::cli::ServerFlags flags;
  psmith::cli::declare(program.app(), flags);
  program.action(
      [&](auto& console) { return psmith::cli::run_server(flags, console); });
  return program.run(argc, argv);
}
