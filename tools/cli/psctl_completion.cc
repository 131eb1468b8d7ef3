#include "psctl_completion.h"

#include <memory>
#include <string>
#include <vector>

#include "shell_files.h"

namespace psmith::cli {

void add_completion(Program& program) {
  auto file = std::make_shared<const ShellFile*>(nullptr);
  auto& app = program.command("completion", "prints completions for a shell",
                              [file](Console& console) {
                                console.out.text((*file)->text);
                                return kDone;
                              });
  std::vector<std::string> shells;
  for (const auto& one : kShellFiles) shells.emplace_back(one.shell);
  add_choice(app, "SHELL", shells, "bash, zsh or fish", [file](std::size_t i) {
    *file = &kShellFiles[i];
  })->required();
}

}  // namespace psmith::cli
