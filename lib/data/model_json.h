// The header of a model (settings, schema, classes, facts): checked. Its JSON,
// header_json() and from_header_json(), is declared in data/saved_model.h.
// Pure; any thread.
#pragma once

#include <optional>

#include "base/result.h"
#include "data/saved_model.h"

namespace psmith::data {

// What contradicts what, if anything. Code: corrupt.
std::optional<Error> check_header(const SavedModel& model);

}  // namespace psmith::data
