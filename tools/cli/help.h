// Help texts that fit a screen: one aligned line an option, wrapped at 80
// columns. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace psmith::cli {

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

// "-o, --output FILE"; a positional: "DATA".
std::string option_label(const CLI::Option& option);

}  // namespace psmith::cli
