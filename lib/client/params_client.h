// Weights of a live model, read from its lanes or written to them.
//
// Reading asks each lane for a few ranges or buckets at a time, so that no
// message grows with the model. Asking and writing again are harmless, so both
// are repeated when no answer comes. Errors: unavailable (a lane does not
// answer), conflict (it has another recovery or placement than `info`: the
// model was lost meanwhile), corrupt (an answer of the wrong shape), timed_out
// (interrupted). One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/model.h"
#include "wire/message.h"

namespace psmith::net {
class Context;
}

namespace psmith::client {

// A model's weights, as in data::SavedModel.
struct Weights {
  std::vector<std::vector<float>> dense;  // in the order of Model::tensors()
  std::vector<std::uint64_t> key;         // sparse: ascending
  std::vector<float> table;               // (key.size(), outputs)
};

struct ParamsOptions {
  Duration timeout = std::chrono::seconds(10);  // for each answer and try
  int try_max = 3;
  int wake_fd = -1;  // readable: stop waiting
};

// info: of the one job, with its spec and lanes. Rows that are all zero are
// left out.
Result<Weights> fetch_weights(net::Context& context, const wire::JobInfo& info,
                              const ParamsOptions& options = {});

// Fills the lanes of an import that runs; they are done afterwards.
Status put_weights(net::Context& context, const wire::JobInfo& info,
                   const Weights& weights, const ParamsOptions& options = {});

}  // namespace psmith::client
