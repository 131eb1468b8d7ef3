#include "config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

#include "base/format.h"
#include "options.h"
#include "status.h"

namespace psmith::cli {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kPrograms = {"psctl", "psdata", "psinfer",
                                            "psserver", "psworker"};

[[noreturn]] void refuse(std::string message) {
  throw Failure(kBadConfig, {Code::invalid, std::move(message)});
}

bool settable(const CLI::Option& option, std::string& name) {
  if (option.get_lnames().empty()) return false;
  name = option.get_lnames().front();
  return name != "help" && name != "version";
}

std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '\n', ' ');
  return out;
}

std::string scalar_text(const toml::node& node, const std::string& origin) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean())
    return flag->get() ? "true" : "false";
  if (const auto* whole = node.as_integer()) {
    return std::to_string(whole->get());
  }
  if (const auto* real = node.as_floating_point()) {
    return format("{}", real->get());
  }
  refuse(origin + ": a value is a text, a number, true, false or a list");
}

std::string value_text(const toml::node& node, const std::string& origin) {
  const auto* list = node.as_array();
  if (list == nullptr) return scalar_text(node, origin);
  std::string text;
  for (const auto& item : *list) {
    text += (text.empty() ? "" : ",") + scalar_text(item, origin);
  }
  return text;
}

void collect(const toml::table& table, const std::string& scope,
             const fs::path& path, std::vector<Setting>& out) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const auto origin =
        format("{}:{}", path.string(), node.source().begin.line);
    if (const auto* inner = node.as_table()) {
      if (scope.find('.') != std::string::npos) {
        refuse(origin + ": tables are [PROGRAM] or [PROGRAM.COMMAND]");
      }
      if (scope.empty() &&
          std::ranges::find(kPrograms, name) == kPrograms.end()) {
        refuse(origin + ": unknown table [" + name +
               "], not a program: " + with_nearest(name, kPrograms));
      }
      collect(*inner, scope.empty() ? name : scope + "." + name, path, out);
      continue;
    }
    out.push_back({scope, name, value_text(node, origin), origin});
  }
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  std::string name;
  for (const auto* option : app.get_options()) {
    if (settable(*option, name)) names.push_back(name);
  }
  return names;
}

// Every key that a scope may hold; empty: a scope of another program.
std::vector<std::string> keys_of(const CLI::App& root,
                                 const std::string& scope) {
  if (scope.empty()) return known_options();
  const auto& program = root.get_name();
  auto names = option_names(root);
  for (const auto* command : root.get_subcommands({})) {
    const auto whole = program + "." + command->get_name();
    if (scope == program || scope == whole) {
      const auto more = option_names(*command);
      names.insert(names.end(), more.begin(), more.end());
    }
  }
  const bool mine = scope == program || scope.starts_with(program + ".");
  return mine ? names : std::vector<std::string>();
}

// [psctl.trian]: a table of this program that no command of it reads.
void check_table(const CLI::App& root, const Setting& setting) {
  const auto prefix = root.get_name() + ".";
  if (!setting.scope.starts_with(prefix)) return;
  const auto name = setting.scope.substr(prefix.size());
  std::vector<std::string> commands;
  for (const auto* command : root.get_subcommands({})) {
    commands.push_back(command->get_name());
    if (commands.back() == name) return;
  }
  refuse(format("{}: unknown table [{}], not a command of {}: {}",
                setting.origin, setting.scope, root.get_name(),
                with_nearest(name, commands)));
}

void check_keys(const CLI::App& root, const std::vector<Setting>& settings) {
  for (const auto& setting : settings) {
    check_table(root, setting);
    const auto keys = keys_of(root, setting.scope);
    if (keys.empty() || std::ranges::find(keys, setting.key) != keys.end()) {
      continue;
    }
    if (setting.scope.empty()) {  // younger than known_options()
      const auto mine = keys_of(root, root.get_name());
      if (std::ranges::find(mine, setting.key) != mine.end()) continue;
    }
    refuse(setting.origin + ": unknown key " + with_nearest(setting.key, keys));
  }
}

void set_default(CLI::Option& option, const std::string& value,
                 const std::string& origin) {
  try {
    option.run_callback_for_default()->default_val(value);
    option.required(false);
  } catch (const CLI::Error& fault) {
    std::string_view text = fault.what();
    const auto name = option.get_name(false, true) + ": ";
    if (text.starts_with(name)) text.remove_prefix(name.size());
    if (text.starts_with("Could not convert")) {
      refuse(format("{}: bad value '{}' for --{}", origin, value,
                    option.get_lnames().front()));
    }
    refuse(format("{}: --{}: {}", origin, option.get_lnames().front(), text));
  }
}

void apply_to(CLI::App& app, const std::vector<std::string>& scopes,
              const std::vector<Setting>& settings, Origins& origins) {
  std::string name;
  for (auto* option : app.get_options()) {
    if (!settable(*option, name)) continue;
    const auto variable = variable_of(name);
    const char* value = std::getenv(variable.c_str());
    if (value != nullptr && *value != '\0') {
      origins[name] = "variable " + variable;
      set_default(*option, value, "variable " + variable);
      continue;
    }
    const Setting* best = nullptr;  // the narrowest scope wins
    for (const auto& scope : scopes) {
      for (const auto& setting : settings) {
        if (setting.scope == scope && setting.key == name) best = &setting;
      }
    }
    if (best == nullptr) continue;
    origins[name] = best->origin;
    set_default(*option, best->value, best->origin);
  }
}

}  // namespace

fs::path config_path() {
  const char* folder = std::getenv("XDG_CONFIG_HOME");
  if (folder != nullptr && *folder == '/') {
    return fs::path(folder) / "psmith/config.toml";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return fs::path(home) / ".config/psmith/config.toml";
}

std::vector<Setting> read_config(const fs::path& path) {
  std::error_code ignored;
  if (path.empty() || !fs::exists(fs::symlink_status(path, ignored))) return {};
  if (!fs::is_regular_file(path, ignored)) {
    refuse(format("{}: not a regular file", path.string()));
  }
  std::vector<Setting> settings;
  try {
    collect(toml::parse_file(path.string()), "", path, settings);
  } catch (const toml::parse_error& fault) {
    refuse(format("{}:{}:{}: {}", path.string(), fault.source().begin.line,
                  fault.source().begin.column, one_line(fault.description())));
  }
  return settings;
}

std::string variable_of(const std::string& long_option) {
  std::string name = "PSMITH_";
  for (const char c : long_option) {
    const bool lower = c >= 'a' && c <= 'z';
    name += c == '-' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

Origins apply_outside_values(CLI::App& root, CLI::App* command,
                             const std::vector<Setting>& settings) {
  check_keys(root, settings);
  Origins origins;
  std::vector<std::string> scopes = {"", root.get_name()};
  apply_to(root, scopes, settings, origins);
  if (command != nullptr) {
    scopes.push_back(root.get_name() + "." + command->get_name());
    apply_to(*command, scopes, settings, origins);
  }
  return origins;
}

}  // namespace psmith::cli
