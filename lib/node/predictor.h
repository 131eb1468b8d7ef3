// Predictor: a worker's side of inference. LoadModel and Predict in, answers
// out.
//
// A model arrives in pieces, in order; a piece at another offset is answered
// with how far the model has come, so asking, repeating and joining in are
// harmless. A whole model is parsed and its digest checked before it serves.
// Models are kept within model_max and byte_max (sizes of their files), the
// least recently used dropped first. Nothing a message says is believed
// before it is checked; what there is no memory for is refused as busy.
//
// Thread-safe: on() may be called from every compute thread. Its lock guards
// the list of models only and is never held while parsing or predicting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/served_model.h"
#include "wire/message.h"

namespace psmith::node {

inline constexpr std::size_t kModelPieceMax = std::size_t{1} << 20U;

struct PredictorLimits {
  std::size_t model_max = 8;
  std::uint64_t byte_max = std::uint64_t{4} << 30U;
};

class Predictor {
 public:
  explicit Predictor(const PredictorLimits& limits = {}) : limits_(limits) {}

  // Serves a model that is in this process already.
  Status keep(data::SavedModel model, std::uint64_t file_bytes);

  // The answer to a LoadModel or a Predict; Refused to anything else. Throws
  // nothing.
  wire::Message on(const wire::Message& request);

  std::size_t model_count() const;

 private:
  struct Entry {
    std::uint64_t total = 0;      // bytes of the model's file
    std::vector<std::byte> file;  // as far as it has come
    bool parsing = false;
    std::shared_ptr<const ServedModel> served;
    std::uint64_t used = 0;  // when, in calls
  };

  wire::Message answer(const wire::Message& request);
  wire::Message load(const wire::LoadModel& request, const Blob& piece);
  wire::Message parse(const std::string& digest, std::vector<std::byte> file);
  wire::Message predict(const wire::Predict& request,
                        const std::vector<Blob>& blobs);
  std::shared_ptr<const ServedModel> find(const std::string& digest);
  bool make_room(std::uint64_t total);

  const PredictorLimits limits_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Entry> entries_;
  std::uint64_t calls_ = 0;
};

}  // namespace psmith::node
