#include "help.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/format.h"

namespace psmith::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kLabelMax = 26;

using Lines = std::vector<std::pair<std::string, std::string>>;

void append_wrapped(std::string& out, std::string_view text, std::size_t indent,
                    std::size_t column) {
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (column + 1 + end > kWidth && column > indent) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

void append_lines(std::string& out, const std::string& title,
                  const Lines& lines) {
  if (lines.empty()) return;
  if (!title.empty()) out += title + ":\n";
  std::size_t widest = 0;
  for (const auto& [label, text] : lines) {
    if (label.size() <= kLabelMax) widest = std::max(widest, label.size());
  }
  const auto indent = widest + 4;
  for (const auto& [label, text] : lines) {
    out += "  " + label;
    auto column = label.size() + 2;
    if (column + 2 > indent) {
      out += "  ";
      column += 2;
    } else {
      out += std::string(indent - column, ' ');
      column = indent;
    }
    if (column > indent) {
      out += text.empty() ? "" : " ";
      append_wrapped(out, text, indent, column);
    } else {
      append_wrapped(out, text, indent, indent);
    }
  }
}

std::string default_of(const CLI::Option& option) {
  const auto value = option.get_default_str();
  const bool flag = option.get_items_expected_max() == 0;
  if (flag || value.empty()) return "";
  return " [" + value + "]";
}

// "-o FILE", as a usage line has it.
std::string shortest_label(const CLI::Option& option) {
  const auto& letters = option.get_snames();
  const auto name = letters.empty() ? "--" + option.get_lnames().front()
                                    : "-" + letters.front();
  return name + " " + option.get_type_name();
}

}  // namespace

std::string option_label(const CLI::Option& option) {
  std::string label;
  for (const auto& name : option.get_snames()) label += "-" + name + ", ";
  for (const auto& name : option.get_lnames()) label += "--" + name + ", ";
  if (label.empty()) return option.get_name(true);
  label.resize(label.size() - 2);
  const bool flag = option.get_items_expected_max() == 0;
  return flag ? label : label + " " + option.get_type_name();
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string,
                                     CLI::AppFormatMode) const {
  std::string path = app->get_name();
  for (auto* p = app->get_parent(); p != nullptr; p = p->get_parent()) {
    path = p->get_name() + " " + path;
  }
  std::string out = path + ": " + app->get_description() + "\nusage: " + path;
  const auto commands = app->get_subcommands({});
  out += commands.empty() ? " [OPTION...]" : " COMMAND [OPTION...]";
  Lines arguments, listed;
  std::vector<std::pair<std::string, Lines>> groups;
  for (const auto* option : app->get_options()) {
    if (option->get_group().empty()) continue;
    const auto text = option->get_description() + default_of(*option);
    if (option->nonpositional()) {
      if (option->get_required()) out += " " + shortest_label(*option);
      auto group = std::find_if(
          groups.begin(), groups.end(),
          [&](const auto& g) { return g.first == option->get_group(); });
      if (group == groups.end()) {
        group = groups.insert(groups.end(), {option->get_group(), {}});
      }
      group->second.emplace_back(option_label(*option), text);
      continue;
    }
    const bool many = option->get_items_expected_max() > 1;
    const auto word = option->get_name(true) + (many ? "..." : "");
    out += option->get_required() ? " " + word : " [" + word + "]";
    arguments.emplace_back(option->get_name(true), text);
  }
  out += '\n';
  for (const auto* command : commands) {
    listed.emplace_back(command->get_name(), command->get_description());
  }
  append_lines(out, "", arguments);
  append_lines(out, "commands", listed);
  for (const auto& [title, lines] : groups) append_lines(out, title, lines);
  if (app->get_parent() != nullptr) {
    out += "common options: " + app->get_parent()->get_name() + " --help\n";
  }
  if (!commands.empty()) {
    out += "options of a command: " + path + " COMMAND --help\n";
  }
  if (!app->get_footer().empty()) out += app->get_footer() + "\n";
  return out;
}

}  // namespace psmith::cli
