#include "cli/psinfer_cli.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  psmith::cli::Program program(
      "psinfer", "predicts: records in, one line per record out, in order");
  psmith::cli::InferOptions options;
  psmith::cli::declare(program.app(), options);
  program.action(
      [&](auto& console) { return psmith::cli::run_infer(options, console); });
  return program.run(argc, argv);
}
