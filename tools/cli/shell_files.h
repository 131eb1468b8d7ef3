// The completion files of the shells, as they are in completions/.
#pragma once

#include <array>
#include <string_view>

namespace psmith::cli {

struct ShellFile {
  std::string_view shell;
  std::string_view text;
};

extern const std::array<ShellFile, 3> kShellFiles;

}  // namespace psmith::cli
