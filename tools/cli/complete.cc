#include "complete.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "base/format.h"
#include "report.h"
#include "session.h"

namespace psmith::cli {
namespace {

constexpr std::array<std::string_view, 3> kFileTypes = {"FILE", "DATA", "PATH"};

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

bool is_master(const CLI::Option& option) {
  return option.check_lname("master");
}

// Where the words lead: the command, its options so far, what comes next.
class Walk {
 public:
  explicit Walk(const CLI::App& program) : program_(program), app_(&program) {}

  void take(const std::string& word) {
    if (waiting_ != nullptr) {
      give(*std::exchange(waiting_, nullptr), word);
    } else if (!ended_ && word == "--") {
      ended_ = true;
    } else if (!ended_ && word.starts_with("--")) {
      take_long(word);
    } else if (!ended_ && word.size() > 1 && word[0] == '-') {
      take_short(word);
    } else {
      take_argument(word);
    }
  }

  Completion at(std::string_view current) {
    Completion out;
    out.master = master_;
    if (app_ != &program_) out.command = app_;
    if (lost_) return out;
    if (waiting_ != nullptr) {
      offer_value(out, *waiting_, current);
    } else if (!ended_ && current.starts_with('-')) {
      offer_dashed(out, current);
    } else if (choosing()) {
      for (const auto* command : app_->get_subcommands({})) {
        out.candidates.push_back(
            {command->get_name(), command->get_description()});
      }
    } else if (const auto* argument = next_argument()) {
      offer_value(out, *argument, current);
    } else if (current.empty() && !ended_) {
      offer_options(out);
    }
    return out;
  }

 private:
  // A command stands here, and no argument.
  bool choosing() const { return !app_->get_subcommands({}).empty(); }

  // The option of the command, or of the program, that `is` accepts.
  template <class Is>
  const CLI::Option* find(Is is) const {
    for (const auto* level = app_; level != nullptr;
         level = level->get_parent()) {
      for (const auto* option : level->get_options()) {
        if (is(*option)) return option;
      }
    }
    return nullptr;
  }
  const CLI::Option* find_long(const std::string& name) const {
    return find([&](const auto& option) { return option.check_lname(name); });
  }
  const CLI::Option* find_short(char name) const {
    return find([&](const auto& option) {
      return option.check_sname(std::string(1, name));
    });
  }

  void give(const CLI::Option& option, const std::string& value) {
    if (is_master(option)) master_ = value;
  }

  void take_long(const std::string& word) {
    const auto equals = word.find('=');
    const auto* option = find_long(word.substr(2, equals - 2));
    if (option == nullptr) return;
    given_.insert(option);
    if (equals != std::string::npos) {
      give(*option, word.substr(equals + 1));
    } else if (takes_value(*option)) {
      waiting_ = option;
    }
  }

  // -qv, -oFILE, -o FILE
  void take_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto* option = find_short(word[i]);
      if (option == nullptr) return;
      given_.insert(option);
      if (!takes_value(*option)) continue;
      if (i + 1 == word.size()) waiting_ = option;
      return;
    }
  }

  void take_argument(const std::string& word) {
    if (!choosing()) {
      ++arguments_;
      return;
    }
    const auto commands = app_->get_subcommands({});
    const auto chosen = std::ranges::find(commands, word, &CLI::App::get_name);
    lost_ = chosen == commands.end();
    if (!lost_) app_ = *chosen;
  }

  const CLI::Option* next_argument() const {
    std::size_t left = arguments_;
    for (const auto* option : app_->get_options()) {
      if (option->nonpositional()) continue;
      const auto room = static_cast<std::size_t>(
          std::max(0, option->get_items_expected_max()));
      if (left < room) return option;
      left -= room;
    }
    return nullptr;
  }

  void offer_dashed(Completion& out, std::string_view current) const {
    const auto equals = current.find('=');
    if (current.size() > 1 && current[1] != '-') {
      offer_short(out, current);
    } else if (equals == std::string_view::npos) {
      offer_options(out);
    } else {
      const auto* option =
          find_long(std::string(current.substr(2, equals - 2)));
      if (option == nullptr || !takes_value(*option)) return;
      out.prefix = current.substr(0, equals + 1);
      offer_value(out, *option, current.substr(equals + 1));
    }
  }

  void offer_options(Completion& out) const {
    std::set<std::string> names;
    for (const auto* level = app_; level != nullptr;
         level = level->get_parent()) {
      for (const auto* option : level->get_options()) {
        if (given_.contains(option)) continue;
        for (const auto& name : option->get_lnames()) {
          if (!names.insert(name).second) continue;
          out.candidates.push_back({"--" + name, option->get_description()});
        }
      }
    }
  }

  // -o: itself, so that a blank follows; -oFI: a value.
  void offer_short(Completion& out, std::string_view current) const {
    for (std::size_t i = 1; i < current.size(); ++i) {
      const auto* option = find_short(current[i]);
      if (option == nullptr) return;
      if (!takes_value(*option) || i + 1 == current.size()) continue;
      out.prefix = current.substr(0, i + 1);
      offer_value(out, *option, current.substr(i + 1));
      return;
    }
    out.candidates.push_back({std::string(current), ""});
  }

  static void offer_value(Completion& out, const CLI::Option& option,
                          std::string_view value) {
    const auto type = option.get_type_name();
    if (is_master(option)) {  // ADDRESS or @FILE
      if (!value.starts_with('@')) return;
      out.prefix += '@';
      out.paths = Paths::files;
    } else if (type.find('|') != std::string::npos) {
      for (const auto& word : CLI::detail::split(type, '|')) {
        out.candidates.push_back({out.prefix + word, ""});
      }
    } else if (std::ranges::find(kFileTypes, type) != kFileTypes.end()) {
      out.paths = Paths::files;
    } else if (type == "DIR") {
      out.paths = Paths::folders;
    } else {
      offer_names(out, type, value);
    }
  }

  static void offer_names(Completion& out, std::string_view type,
                          std::string_view value) {
    using enum LiveNames::Which;
    using enum LiveNames::Form;
    const bool begins = value.empty(), at = value.starts_with('@');
    const bool digit =
        !begins && std::isdigit(static_cast<unsigned char>(value[0])) != 0;
    if (type == "MODEL") {
      if (!at) out.paths = Paths::files;
      if (at || begins) out.live = LiveNames{live, at_name};
    } else if (type == "LIVE_MODEL") {
      out.live =
          LiveNames{live, at || begins ? at_name : (digit ? number : name)};
    } else if (type == "JOB" || type == "ACTIVE_JOB") {
      out.live = LiveNames{type == "JOB" ? all : active,
                           at ? at_name : (begins || digit ? number : name)};
    }
  }

  const CLI::App& program_;
  const CLI::App* app_;
  const CLI::Option* waiting_ = nullptr;  // its value is the next word
  std::set<const CLI::Option*> given_;
  std::size_t arguments_ = 0;
  bool ended_ = false;  // -- : no option comes any more
  bool lost_ = false;   // an unknown command
  std::string master_;
};

bool wanted(LiveNames::Which which, const wire::JobInfo& job) {
  switch (which) {
    case LiveNames::Which::all:
      return true;
    case LiveNames::Which::active:
      return job.state < wire::JobState::done;
    case LiveNames::Which::live:
      return job.live;
  }
  return false;
}

}  // namespace

Completion complete(const CLI::App& program, std::span<const std::string> words,
                    std::string_view current) {
  Walk walk(program);
  for (const auto& word : words) walk.take(word);
  return walk.at(current);
}

void add_live_names(Completion& completion,
                    const std::vector<wire::JobInfo>& jobs) {
  if (!completion.live) return;
  const auto form = completion.live->form;
  std::set<std::string> words;
  for (const auto& job : jobs) {
    if (!wanted(completion.live->which, job)) continue;
    const auto number = std::to_string(job.job.value());
    const auto& name = job.name;
    const bool numbered = form == LiveNames::Form::number;
    // No shell could write it.
    if (!numbered && (name.empty() || printable(name) != name)) continue;
    const auto word =
        completion.prefix +
        (numbered ? number
                  : (form == LiveNames::Form::at_name ? "@" + name : name));
    if (!words.insert(word).second) continue;
    completion.candidates.push_back(
        {word, format("{}, {}", numbered ? name : "job " + number,
                      state_name(job.state))});
  }
}

std::string completion_text(const Completion& completion) {
  std::string text;
  for (const auto& candidate : completion.candidates) {
    text += candidate.word;
    if (!candidate.text.empty()) text += '\t' + printable(candidate.text);
    text += '\n';
  }
  const auto paths = completion.paths;
  text += paths == Paths::files     ? ":files"
          : paths == Paths::folders ? ":dirs"
                                    : ":none";
  if (!completion.prefix.empty()) text += ' ' + completion.prefix;
  return text + '\n';
}

}  // namespace psmith::cli
