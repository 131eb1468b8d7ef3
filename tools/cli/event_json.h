// Events and progress as JSON objects, the same wherever they are printed.
// Pure; any thread.
#pragma once

#include "metrics.h"
#include "report.h"
#include "wire/message.h"

namespace psmith::cli {

// {"schema": "psmith-event-1", "seq": ..., "event": "worker_joined", ...}; an
// event with progress also has its fields. kind: of the model, for the names
// of the metrics of an evaluation; null leaves them out.
Json event_json(const wire::Event& event, const model::Kind* kind = nullptr);

}  // namespace psmith::cli
