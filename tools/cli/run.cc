#include "run.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>

#include "base/format.h"
#include "base/heap.h"
#include "config.h"
#include "help.h"
#include "live_names.h"
#include "refuse.h"
#include "version.h"

namespace psmith::cli {
namespace {

constexpr const char* kCommonGroup = "common options";

// Of the 200 ms that a shell may have to wait, 40 are left for the start and
// the end of the process.
constexpr Duration kCompletionTime = std::chrono::milliseconds(160);

// A standard descriptor that is closed would become that of the next file or
// socket, and results would be written into it. What stands in its place can
// only be used the wrong way round, so that reading and writing still fail.
void hold_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// A cluster in one process has several descriptors for each pair of nodes.
void raise_descriptor_limit() {
  struct rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<std::string> long_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (auto* level = &app; level != nullptr; level = level->get_parent()) {
    for (const auto* option : level->get_options()) {
      if (option->get_group().empty()) continue;
      for (const auto& name : option->get_lnames())
        names.push_back("--" + name);
    }
  }
  return names;
}

// CLI11's texts, in our words: "--rate: bad value 'x'".
std::string parse_error_text(const CLI::ParseError& fault) {
  std::string text = fault.what();
  constexpr std::string_view kConvert = "Could not convert: ";
  const auto equals = text.find(" = ");
  if (text.starts_with(kConvert) && equals != std::string::npos) {
    return format("{}: bad value '{}'",
                  text.substr(kConvert.size(), equals - kConvert.size()),
                  text.substr(equals + 3));
  }
  if (text.ends_with(" is required")) {
    const auto comma = text.find(',');  // "-o,--output": the long name
    const auto begin = comma == std::string::npos ? 0 : comma + 1;
    return text.substr(begin, text.size() - 12 - begin) + " is missing";
  }
  return text;
}

// As a variable that is not set leaves it: never what was meant.
void refuse_empty(const CLI::Option& option) {
  const auto& words = option.results();
  if (std::ranges::find(words, std::string()) == words.end()) return;
  const auto& names = option.get_lnames();
  refuse((names.empty() ? option.get_name(true) : "--" + names.front()) +
         ": an empty value");
}

}  // namespace

Program::Program(std::string name, std::string about)
    : app_(std::move(about), name), out_(1), console_(name, out_) {
  app_.formatter(std::make_shared<HelpFormatter>());
  app_.allow_extras();
  app_.set_help_flag("-h,--help", "print this help")->group(kCommonGroup);
  app_.set_version_flag("--version", version_text(name),
                        "print build, processor level, wire version")
      ->group(kCommonGroup);
  app_.add_flag("-q,--quiet", console_.quiet, "warnings and errors only")
      ->group(kCommonGroup);
  app_.add_flag("-v,--verbose", console_.verbose, "say more on stderr")
      ->group(kCommonGroup);
  add_choice(app_, "--color", {"auto", "always", "never"}, "colours on stderr",
             [this](std::size_t i) { console_.color = static_cast<Color>(i); })
      ->default_str("auto")
      ->group(kCommonGroup);
  add_choice(app_, "--log-format", {"text", "json"},
             "messages on stderr as text or JSON lines",
             [this](std::size_t i) {
               console_.log_format = static_cast<LogFormat>(i);
             })
      ->default_str("text")
      ->group(kCommonGroup);
}

CLI::App& Program::command(const std::string& name, const std::string& about,
                           Action action) {
  app_.require_subcommand(0, 1);
  auto* command = app_.add_subcommand(name, about);
  command->fallthrough();
  command->allow_extras();
  command->formatter(app_.get_formatter());
  command->set_help_flag("-h,--help", "print this help")->group("");
  actions_[command] = std::move(action);
  return *command;
}

int Program::run(int argc, char** argv) {
  // A closed pipe is an error like others until the end: temporary files go.
  // So is a file that grows over its limit.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  hold_standard_descriptors();
  raise_descriptor_limit();
  keep_freed_memory();
  if (argc >= 2 && std::string_view(argv[1]) == "__complete") {
    answer_completion({argv + 2, argv + argc});
  }
  int status = kInternal;
  try {
    status = parse_and_act(argc, argv);
    out_.flush();
  } catch (const Failure& failure) {
    status = report(failure.status, failure.what());
  } catch (const std::bad_alloc&) {
    status = report(kInternal, "out of memory");
  } catch (const std::exception& fault) {
    status = report(kInternal, format("internal fault: {}", fault.what()));
  }
  if (status == kPipeClosed) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  return status;
}

// The shell waits: no error is told, nothing is waited for.
void Program::answer_completion(std::vector<std::string> words) {
  const auto until = SteadyClock().now() + kCompletionTime;
  const int nowhere = ::open("/dev/null", O_WRONLY);
  (void)::dup2(nowhere, STDERR_FILENO);
  try {
    std::string current;
    if (!words.empty()) current = std::move(words.back());
    if (!words.empty()) words.pop_back();
    auto completion = complete(app_, words, current);
    if (completion.live) {
      try {
        add_live_names(completion, jobs_by(until, master_for(completion)));
      } catch (const std::exception&) {  // the rest is answered
      }
    }
    out_.text(completion_text(completion));
    out_.flush();
  } catch (const std::exception&) {
  }
  std::_Exit(kDone);  // jobs_by() may have left a thread behind
}

// As the command would find it.
std::string Program::master_for(const Completion& completion) {
  if (!completion.master.empty()) return completion.master;
  auto* command = completion.command == nullptr
                      ? nullptr
                      : app_.get_subcommand(completion.command->get_name());
  try {
    apply_outside_values(app_, command, read_config(config_path()));
  } catch (const std::exception&) {  // the command would not run either
    return {};
  }
  const auto& app = command == nullptr ? app_ : *command;
  const auto* option = app.get_option_no_throw("--master");
  return option == nullptr ? "" : option->get_default_str();
}

int Program::report(int status, std::string_view message) {
  try {
    out_.flush();
  } catch (const Failure& failure) {
    if (status == kPipeClosed || failure.status == kPipeClosed) {
      return kPipeClosed;
    }
  }
  console_.error(message);
  return status;
}

CLI::App* Program::chosen() {
  const auto commands = app_.get_subcommands();
  return commands.empty() ? &app_ : commands.front();
}

int Program::parse_and_act(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--dump-options") {
    out_.text(dump());
    return kDone;
  }
  try {
    parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    out_.text(app_.help());
    return kDone;
  } catch (const CLI::CallForVersion&) {
    out_.text(version_text(app_.get_name()) + "\n");
    return kDone;
  }
  const auto action = actions_.find(chosen());
  if (action == actions_.end()) {
    refuse("a command is missing\nhint: " + app_.get_name() + " --help");
  }
  try {
    return action->second(console_);
  } catch (const Failure& failure) {
    name_origin(failure);
    throw;
  }
}

// A value that a command refuses ("--local: '0' is not ...") may have come from
// a variable or the configuration: that is named then.
void Program::name_origin(const Failure& failure) const {
  const std::string_view message = failure.what();
  const auto colon = message.find(": ");
  if (failure.status != kUsage || !message.starts_with("--") ||
      colon == message.npos) {
    return;
  }
  const auto origin = console_.origin(message.substr(2, colon - 2));
  if (origin.empty() || origin.starts_with("option ")) return;
  refuse(kBadConfig, format("{}: {}", origin, message));
}

void Program::parse(int argc, char** argv) {
  CLI::App* command = nullptr;
  bool asks = false;  // a bad setting must not hide the help
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    for (auto* one : app_.get_subcommands({})) {
      if (command == nullptr && one->get_name() == word) command = one;
    }
    asks = asks || word == "--help" || word == "-h" || word == "--version";
  }
  if (!asks) {
    console_.origins =
        apply_outside_values(app_, command, read_config(config_path()));
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success&) {
    throw;
  } catch (const CLI::ParseError& fault) {
    refuse_unknown();
    refuse(parse_error_text(fault) + "\nhint: " + app_.get_name() +
           (chosen() == &app_ ? "" : " " + chosen()->get_name()) + " --help");
  }
  refuse_unknown();
  for (auto* level = chosen(); level != nullptr; level = level->get_parent()) {
    for (const auto* option : level->get_options()) {
      if (option->count() == 0) continue;
      refuse_empty(*option);
      if (option->get_lnames().empty()) continue;
      const auto& name = option->get_lnames().front();
      console_.origins[name] = "option --" + name;
    }
  }
}

void Program::refuse_unknown() {
  const auto extras = app_.remaining(true);
  const auto option =
      std::find_if(extras.begin(), extras.end(), [](const auto& word) {
        return word.size() > 1 && word[0] == '-' && word != "--";
      });
  if (option != extras.end()) {
    const auto name = option->substr(0, option->find('='));
    refuse("unknown option " + with_nearest(name, long_options(*chosen())));
  }
  if (extras.empty() || extras.front() == "--") return;
  if (chosen() != &app_ || app_.get_subcommands({}).empty()) {
    refuse("unexpected argument '" + extras.front() + "'");
  }
  std::vector<std::string> names;
  for (const auto* command : app_.get_subcommands({})) {
    names.push_back(command->get_name());
  }
  refuse("unknown command " + with_nearest(extras.front(), names) +
         "\nhint: " + app_.get_name() + " --help");
}

std::string Program::dump() const {
  std::string text;
  const auto list = [&text](const CLI::App& app, const std::string& name) {
    for (const auto* option : app.get_options()) {
      const bool flag = option->get_items_expected_max() == 0;
      const auto join = [](const auto& names) {
        return names.empty() ? std::string() : names.front();
      };
      const auto lname = join(option->get_lnames());
      const auto word = option->nonpositional() ? lname : "";
      const auto type = !option->nonpositional() ? option->get_name(true)
                        : flag                   ? ""
                                                 : option->get_type_name();
      text +=
          format("{}\t{}\t{}\t{}\t{}\n", name, word, join(option->get_snames()),
                 type, option->get_description());
    }
  };
  list(app_, "-");
  for (const auto* command : app_.get_subcommands({})) {
    text += format("{}\t\t\t\t{}\n", command->get_name(),
                   command->get_description());
    list(*command, command->get_name());
  }
  return text;
}

}  // namespace psmith::cli
