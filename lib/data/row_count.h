// The rows of libsvm text, counted without parsing it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/input.h"
#include "data/workers.h"

namespace psmith::data {

// Lines of these files that a LibsvmParser takes for rows or refuses: not
// blank ones, nor those of comment alone. Unset where that would cost more than
// a look through memory: a file that is no regular one, is compressed, or is
// not in the page cache. Files that cannot be read are left to the Reader.
// Errors: unavailable (stopped).
// workers: help, null: nobody does. The thread that gives them tasks.
Result<std::optional<std::uint64_t>> count_libsvm_rows(
    const std::vector<std::string>& paths, Workers* workers, const Stop& stop);

}  // namespace psmith::data
