// PSM_CHECK: an invariant of the program. A false one stops the process with
// the place and the reason (exit status 70 by way of abort's handler is not
// attempted: the state is unknown). Never used for bad input. Any thread.
#pragma once

#include <cstdio>
#include <cstdlib>

#define PSM_CHECK(condition, reason)                                     \
  do {                                                                   \
    if (!(condition)) {                                                  \
      std::fprintf(stderr, "psmith: internal fault at %s:%d: %s (%s)\n", \
                   __FILE__, __LINE__, reason, #condition);              \
      std::abort();                                                      \
    }                                                                    \
  } while (false)
