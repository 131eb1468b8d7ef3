// What --version prints.
#pragma once

#include <string>

namespace psmith::cli {

// "psctl 0.1.0 (Release, build 0123456789ab, x86-64-v3, wire 1)": the kind of
// build, the first digits of the GNU build id of the running program (the same
// for the same bytes, wherever they came from; readelf -n prints all of it),
// the processor level, the version of the wire protocol.
std::string version_text(const std::string& program);

}  // namespace psmith::cli
