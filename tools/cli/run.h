// Program: one of the five programs as a command line. run() parses, calls the
// chosen action, prints the one error that ended it and returns its status.
//
// How to write a program (psworker as the example):
//
//   // tools/cli/psworker_cli.h
//   struct WorkerOptions { std::string master; std::uint64_t threads = 1; };
//   void declare(CLI::App& app, WorkerOptions& options);   // the only place
//   int run_worker(const WorkerOptions& options, Console& console);
//
//   // tools/cli/psworker_cli.cc
//   void declare(CLI::App& app, WorkerOptions& options) {
//     app.add_option("--master", options.master, "where the master listens")
//         ->type_name("ADDRESS");
//     add_count(app, "--threads", options.threads, 1, 1024, "compute threads");
//   }
//
//   // tools/psworker.cc
//   int main(int argc, char** argv) {
//     psmith::cli::Program program("psworker", "computes gradients");
//     psmith::cli::WorkerOptions options;
//     declare(program.app(), options);
//     program.action([&](auto& c) { return run_worker(options, c); });
//     return program.run(argc, argv);
//   }
//
// Files of tools/cli include each other by name ("run.h"), tools/*.cc as
// "cli/run.h".
//
// With commands: declare(program.command("info", "what it does",
// [&](auto& c) { return run_info(options, c); }), options).
//
// * Bind a variable, which holds the default, to every option. Never
//   ->envname(), ->required() on an option, set_config or defaults by hand.
// * Each long option has the twin PSMITH_LONG_OPTION and a line in the
//   configuration file for free (config.h); --help, --version, --quiet,
//   --verbose, --color and --log-format are there already. A program that
//   prints results adds --json itself.
// * Results: console.out.text(...) (bytes: .binary()), flushed at the end;
//   all else: console.note(), warn(), detail(). Never std::cout or printf.
// * What ends the command: throw Failure(status, error) with a status of
//   status.h; "\nhint: ..." in the message is a second line.
// * -o FILE is written by AtomicFile; `-` is stdin or stdout.
//
// PROGRAM __complete answers a shell (complete.h); it never fails.
// PROGRAM --dump-options lists every declared option, tab separated, for the
// test that compares flags, man pages and completions. One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "complete.h"
#include "console.h"
#include "options.h"
#include "status.h"

namespace psmith::cli {

// Does the work; returns the exit status.
using Action = std::function<int(Console&)>;

class Program {
 public:
  Program(std::string name, std::string about);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  CLI::App& app() { return app_; }
  void action(Action action) { actions_[&app_] = std::move(action); }
  // A command, with its own options.
  CLI::App& command(const std::string& name, const std::string& about,
                    Action action);

  int run(int argc, char** argv);

 private:
  int parse_and_act(int argc, char** argv);
  void parse(int argc, char** argv);
  // Throws for an unknown option or command, naming the nearest.
  void name_origin(const Failure& failure) const;
  void refuse_unknown();
  std::string dump() const;
  CLI::App* chosen();
  [[noreturn]] void answer_completion(std::vector<std::string> words);
  std::string master_for(const Completion& completion);
  int report(int status, std::string_view message);

  CLI::App app_;
  Output out_;
  Console console_;
  std::map<const CLI::App*, Action> actions_;
};

}  // namespace psmith::cli
