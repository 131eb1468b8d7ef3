// Text from peers, made safe to print on one line. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace psmith::sched {

// At most `max` bytes, cut between UTF-8 characters; control characters
// become spaces.
std::string one_line(std::string_view text, std::size_t max);

// "1 worker", "2 workers".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace psmith::sched
