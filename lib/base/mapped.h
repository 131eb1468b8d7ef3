// Mapped files that others write to.
//
// A page of a mapped file that was cut raises SIGBUS when it is read. Once a
// file was mapped here, such a read gives zeros instead, and the mapping is
// marked as cut; SIGBUS elsewhere ends the process as before. Whoever computes
// from a mapping asks for its state afterwards, and before: what another
// process writes into the file shows through the mapping.
//
// Any thread.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <memory>

#include "base/bytes.h"

namespace psmith {

enum class MappedState : std::uint8_t {
  same,     // as it was mapped, or no mapping of this module
  written,  // its time of modification or its size is another one
  cut,      // some of it was not there to be read
};

// Maps [0, info.st_size) of an open regular file, read-only. Null: errno says
// why. path: where to look for changes later.
std::shared_ptr<const void> map_regular(int fd, const struct stat& info,
                                        const std::filesystem::path& path);

// `bytes` begin within the mapping. A file that was removed or replaced as a
// whole has not changed: the mapping is of the old one.
MappedState mapped_state(ByteView bytes);

// What was written is known to be harmless: it counts as unchanged from now.
void accept_written(ByteView bytes);

}  // namespace psmith
