#include "cli/psdata_cli.h"

int main(int argc, char** argv) {
  psmith::cli::Program program("psdata", "makes and inspects datasets");
  psmith::cli::PsdataOptions options;
  declare(program, options);
  return program.run(argc, argv);
}
