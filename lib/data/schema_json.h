// Schema as a JSON value, for the files that hold one inside their own:
// psmith-formats(5). Any bytes in names survive. Pure; any thread.
#pragma once

#include "data/schema.h"
#include "file/json.h"

namespace psmith::data {

file::Json schema_json(const Schema& schema);

// Errors: corrupt; "schema: 'label' is missing".
Result<Schema> schema_of_json(const file::Json& json);

}  // namespace psmith::data
