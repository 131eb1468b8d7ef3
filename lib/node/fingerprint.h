// The fingerprint of this build's arithmetic: a hash of the bits of a fixed set
// of results (exp, log, a dot product, a small gemm), the processor level and
// the wire version. Nodes whose fingerprints differ would give a model other
// bits, so the master refuses to mix them. Pure; any thread.
#pragma once

#include <string>

namespace psmith::node {

// 16 hexadecimal digits; the same at every call.
std::string fingerprint();

}  // namespace psmith::node
