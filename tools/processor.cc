// Ends the program with a message on a processor below the level that it was
// built for, before anything built for that level runs: the first instruction
// that the processor lacks, most often in a static initializer, would end it
// with SIGILL and not a word.
//
// A part of each program, and compiled for plain x86-64 (CMakeLists.txt). It
// calls the C library only: of an inline function of C++ the linker might keep
// the copy of a file that was compiled for more.
#include <unistd.h>

#include <cerrno>  // program_invocation_short_name
#include <cstdio>

#include "cli/status.h"

namespace {

constexpr char kBuiltFor[] = PSMITH_ARCH;  // x86-64, or x86-64-v2 to -v4
constexpr int kLevel = sizeof kBuiltFor == sizeof "x86-64"
                           ? 1
                           : kBuiltFor[sizeof kBuiltFor - 2] - '0';
static_assert(kLevel >= 1 && kLevel <= 4);

int level_of_processor() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return 4;
  if (__builtin_cpu_supports("x86-64-v3")) return 3;
  if (__builtin_cpu_supports("x86-64-v2")) return 2;
  return 1;
}

// 101 is the first priority that is not reserved: before the initializers of
// all other files, which have none.
[[gnu::constructor(101)]] void check_processor() {
  const int level = level_of_processor();
  if (level >= kLevel) return;
  constexpr const char* kNames[] = {"x86-64", "x86-64-v2", "x86-64-v3"};
  dprintf(STDERR_FILENO,
          "%s: this processor is %s, and this build needs %s\n"
          "hint: build psmith with -DPSMITH_ARCH=%s, for all nodes of a "
          "cluster\n",
          program_invocation_short_name, kNames[level - 1], kBuiltFor,
          kNames[level - 1]);
  _exit(psmith::cli::kBadConfig);
}

}  // namespace
