// complete(): what may stand at one place of a command line, found by a walk
// of the declared options. It answers
//
//   PROGRAM __complete WORD... CURRENT
//
// which the files in completions/ ask: the words behind the program's name, as
// the program would get them, up to and with the one that is being written
// (may be empty). The answer on standard output (psmith(7), COMPLETION):
//
//   CANDIDATE [TAB DESCRIPTION]     any number of lines
//   :none | :files | :dirs [PREFIX] the last line
//
// Candidates are whole words, all that may stand there; the shell keeps those
// that match CURRENT. PREFIX is the part of CURRENT before the value
// ("--output="), and stands in front of each candidate; the shell adds files
// or folders behind it. It never fails, writes nothing on standard error and
// does not wait: names of jobs and models have 200 ms.
//
// What an option's value or an argument is, is said by its type_name(): the
// words of add_choice(); FILE, DATA, PATH (files and folders); DIR; MODEL (a
// file or @NAME), LIVE_MODEL, JOB, ACTIVE_JOB. Other types are free text.
// Pure; one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace psmith::cli {

struct Candidate {
  std::string word;
  std::string text;  // one line, may be empty
};

// Names that the master knows: of which jobs, and written how.
struct LiveNames {
  enum class Which { all, active, live } which = Which::all;
  enum class Form { number, name, at_name } form = Form::number;
};

enum class Paths { none, files, folders };

struct Completion {
  std::vector<Candidate> candidates;
  std::string prefix;
  Paths paths = Paths::none;
  std::optional<LiveNames> live;      // to be added by the caller
  std::string master;                 // --master of the words, or ""
  const CLI::App* command = nullptr;  // that the words chose; null: none
};

// words: without the program and `current`.
Completion complete(const CLI::App& program, std::span<const std::string> words,
                    std::string_view current);

// Adds those of the jobs.
void add_live_names(Completion& completion,
                    const std::vector<wire::JobInfo>& jobs);

// The answer as written.
std::string completion_text(const Completion& completion);

}  // namespace psmith::cli
