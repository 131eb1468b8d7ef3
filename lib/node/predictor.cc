#include "node/predictor.h"

#include <algorithm>
#include <new>

#include "base/format.h"
#include "data/saved_model.h"

namespace psmith::node {
namespace {

constexpr std::size_t kDigestMax = 128;  // characters
constexpr std::uint64_t kRetryMs = 50;   // while another thread parses

wire::Message refused(std::string code, std::string text,
                      std::uint64_t seq = 0) {
  wire::Refused refusal;
  refusal.code = std::move(code);
  refusal.text = std::move(text);
  refusal.seq = seq;
  return {.body = std::move(refusal), .blobs = {}};
}

wire::Message busy(std::string text, std::uint64_t seq = 0) {
  auto message = refused("busy", std::move(text), seq);
  std::get<wire::Refused>(message.body).retry_ms = kRetryMs;
  return message;
}

wire::Message received(const std::string& digest, std::uint64_t bytes) {
  return {.body = wire::LoadModelOk{.digest = digest, .received = bytes},
          .blobs = {}};
}

}  // namespace

Status Predictor::keep(data::SavedModel model, std::uint64_t file_bytes) {
  PSM_TRY(auto served, ServedModel::make(std::move(model)));
  const std::lock_guard lock(mutex_);
  if (!make_room(file_bytes)) {
    return error(Code::exhausted, "no room for a model of {} bytes",
                 file_bytes);
  }
  Entry& entry = entries_[served->digest()];
  entry.total = file_bytes;
  entry.served = std::move(served);
  entry.used = ++calls_;
  return Done{};
}

wire::Message Predictor::on(const wire::Message& request) {
  const auto* predict = std::get_if<wire::Predict>(&request.body);
  const auto seq = predict == nullptr ? 0 : predict->seq;
  try {
    return answer(request);
  } catch (const std::bad_alloc&) {
    return busy("the worker has too little memory now", seq);
  } catch (const std::exception& fault) {
    return refused("invalid", fault.what(), seq);
  }
}

wire::Message Predictor::answer(const wire::Message& request) {
  if (const auto* body = std::get_if<wire::Predict>(&request.body)) {
    return predict(*body, request.blobs);
  }
  if (const auto* body = std::get_if<wire::LoadModel>(&request.body)) {
    if (request.blobs.size() > 1) {
      return refused("bad_message", "a piece of a model is one frame");
    }
    return load(*body, request.blobs.empty() ? Blob() : request.blobs.front());
  }
  return refused("bad_message", "a worker predicts; it cannot answer this");
}

std::size_t Predictor::model_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      entries_.begin(), entries_.end(),
      [](const auto& item) { return item.second.served != nullptr; }));
}

wire::Message Predictor::load(const wire::LoadModel& request,
                              const Blob& piece) {
  if (request.digest.empty() || request.digest.size() > kDigestMax ||
      piece.size() > kModelPieceMax || request.total == 0 ||
      request.offset > request.total ||
      piece.size() > request.total - request.offset) {
    return refused("bad_message", "a piece that is no part of a model");
  }
  std::vector<std::byte> file;
  {
    const std::lock_guard lock(mutex_);
    if (!entries_.contains(request.digest)) {
      if (!make_room(request.total)) {
        return refused("invalid", format("a model of {} bytes is too large "
                                         "for this worker, which keeps {}",
                                         request.total, limits_.byte_max));
      }
      entries_[request.digest].total = request.total;
    }
    Entry& entry = entries_[request.digest];
    entry.used = ++calls_;
    if (entry.served) return received(request.digest, request.total);
    if (entry.parsing) return busy("the model is being loaded");
    if (entry.total != request.total) {
      return refused("invalid", "a model of another size has this digest");
    }
    if (request.offset != entry.file.size()) {
      return received(request.digest, entry.file.size());
    }
    const auto bytes = piece.bytes();
    entry.file.insert(entry.file.end(), bytes.begin(), bytes.end());
    if (entry.file.size() < entry.total) {
      return received(request.digest, entry.file.size());
    }
    entry.parsing = true;
    file = std::move(entry.file);
    entry.file = {};
  }
  return parse(request.digest, std::move(file));
}

wire::Message Predictor::parse(const std::string& digest,
                               std::vector<std::byte> file) {
  const auto total = file.size();
  const auto read = [&]() -> Result<std::shared_ptr<const ServedModel>> {
    PSM_TRY(auto saved, data::parse_model(Blob::of(std::move(file))));
    if (saved.digest != digest) {
      return error(Code::corrupt, "the model is {}, not {}", saved.digest,
                   digest);
    }
    return ServedModel::make(std::move(saved));
  };
  // Whatever goes wrong, the model must not stay half read: it comes again.
  const auto forget = [&] {
    const std::lock_guard lock(mutex_);
    entries_.erase(digest);
  };
  try {
    auto served = read();
    if (!served) {
      forget();
      return refused("invalid", served.error().message);
    }
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[digest];
    entry.parsing = false;
    entry.served = std::move(*served);
  } catch (...) {
    forget();
    throw;
  }
  return received(digest, total);
}

wire::Message Predictor::predict(const wire::Predict& request,
                                 const std::vector<Blob>& blobs) {
  const auto served = find(request.digest);
  if (!served) {
    return refused("unknown_model", "the model is not loaded", request.seq);
  }
  auto raw = served->predict(request, blobs);
  if (!raw) {
    return refused("invalid", std::move(raw.error().message), request.seq);
  }
  return {.body = wire::PredictOk{.seq = request.seq},
          .blobs = {Blob::of(std::move(*raw))}};
}

std::shared_ptr<const ServedModel> Predictor::find(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(digest);
  if (found == entries_.end()) return nullptr;
  found->second.used = ++calls_;
  return found->second.served;
}

// Drops the least recently used until one more of `total` bytes fits.
bool Predictor::make_room(std::uint64_t total) {
  if (total > limits_.byte_max || limits_.model_max == 0) return false;
  for (;;) {
    std::uint64_t held = 0;
    auto oldest = entries_.end();
    for (auto i = entries_.begin(); i != entries_.end(); ++i) {
      held += i->second.total;
      if (i->second.parsing) continue;
      if (oldest == entries_.end() || i->second.used < oldest->second.used) {
        oldest = i;
      }
    }
    if (entries_.size() < limits_.model_max &&
        held <= limits_.byte_max - total) {
      return true;
    }
    if (oldest == entries_.end()) return false;
    entries_.erase(oldest);
  }
}

}  // namespace psmith::node
