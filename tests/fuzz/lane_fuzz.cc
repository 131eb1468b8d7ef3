// A server's lane under messages of any content: pushes, pulls and key lists
// that fit and others, asks, reads and writes of weights. It answers or
// refuses, its version never falls, and the checkpoint it writes is read back.
//
// Input: the job (6 bytes), then messages and ticks: a kind (1 byte) and what
// it is made of.
#include <cmath>

#include "input.h"
#include "node/lane_file.h"
#include "placement/key.h"
#include "sched/admission.h"
#include "store/job_shape.h"
#include "store/lane.h"
#include "wire/frames.h"

namespace psmith::fuzz {
namespace {

using placement::Key;
using store::Lane;
using wire::Message;

constexpr std::size_t kEventMax = 12;

wire::JobRecord record_of(Taker& input) {
  wire::JobRecord r;
  r.job = JobId(1);
  r.placement = 3;
  const auto lanes = 1U + input.byte() % 2U;
  for (std::uint64_t i = 1; i <= lanes; ++i) {
    r.lanes.push_back({.lane = i, .node = NodeId(8 + i), .address = ""});
  }
  r.workers = {NodeId(5), NodeId(6)};
  auto& spec = r.spec;
  const auto kind = input.byte();
  spec.model.kind = static_cast<model::Kind>(kind % 3);
  spec.model.dense = kind % 2 == 0;
  if (spec.model.dense) spec.model.column_count = 1U + kind % 5U;
  const bool softmax = spec.model.kind == model::Kind::softmax;
  const bool logistic = spec.model.kind == model::Kind::logistic;
  spec.model.class_count = softmax ? 3 : 0;
  for (std::size_t i = 0; i < (softmax ? 3U : logistic ? 2U : 0U); ++i) {
    spec.classes.push_back(static_cast<float>(i));
  }
  const auto rule = input.byte();
  spec.optimizer.rule = static_cast<optim::Rule>(rule % 4);
  const auto rows = input.byte();
  spec.train.shards = {0};
  spec.train.shape = {.shard_rows = {1U + rows % 8U}, .block_rows = 1};
  if (rows >= 128) {
    spec.eval.shards = {1};
    spec.eval.shape = {.shard_rows = {1U + rows % 3U}, .block_rows = 1};
  }
  const auto steps = input.byte();
  spec.group_blocks = 1U + steps % 4U;
  spec.epochs = 1U + steps / 64U;
  const auto more = input.byte();
  spec.patience = more % 3U;
  spec.checkpoint_folder = more % 2 == 0 ? "" : "checkpoints";
  spec.checkpoint_every = more % 4U;
  if (more >= 200) {
    spec.kind = "import";
    spec.train = spec.eval = {};
    spec.epochs = spec.group_blocks = 1;
  }
  return r;
}

// One lane, and how it is spoken to.
class Session {
 public:
  Session(wire::JobRecord record, std::size_t lane_index)
      : lane_(std::move(record), lane_index, now_,
              Lane::Limits{.key_cache_bytes = 4096,
                           .pending_max = 16,
                           .pending_bytes = 4096,
                           .worker_max = 8}) {}

  void event(Taker& input) {
    store::LaneEffects effects;
    const auto kind = input.byte();
    const auto before = lane_.version();
    if (kind % 8 == 0) {
      now_ += std::chrono::milliseconds(input.byte() * 100);
      lane_.tick(now_, effects);
    } else if (kind % 8 == 1) {
      std::set<NodeId> alive;
      for (const auto bits = input.byte(); alive.size() < bits % 4U;) {
        alive.insert(NodeId(5 + alive.size()));
      }
      lane_.on_workers(alive, now_, effects);
    } else if (auto message = message_of(kind % 8, input)) {
      lane_.on(PeerId(5 + kind / 128), std::move(*message), now_, effects);
    }
    PSM_CHECK(lane_.version() >= before, "a version never falls");
    for (const auto& effect : effects) check(effect);
    if (lane_.ended() && kind == 255) lane_.settle();
  }

 private:
  std::optional<Message> message_of(unsigned kind, Taker& input) {
    if (kind <= 5) return push_pull(input);
    if (kind == 6) return other(input);
    const auto size = input.byte();
    const std::vector<Blob> frames{blob_of(input.text(size))};
    auto message = wire::from_frames(frames);
    if (!message) return std::nullopt;
    return std::move(*message);
  }

  template <class Request>
  Request request(Taker& input) {
    Request r;
    r.job = JobId(1);
    r.placement = 3;
    const auto byte = input.byte();
    if (byte == 255) r.recovery = 1;
    if constexpr (requires { r.worker; }) r.worker = NodeId(5U + byte % 3U);
    if constexpr (requires { r.seq; }) {
      r.seq = byte % 8 == 7 ? seq_ : ++seq_;
    }
    return r;
  }

  Message push_pull(Taker& input) {
    Message message;
    auto r = request<wire::PushPull>(input);
    const auto shape = input.byte();
    const auto step = lane_.version() + (shape % 16 == 15 ? 1 : 0);
    for (unsigned i = 0; i < shape / 16U % 3U; ++i) {
      wire::PushPart part;
      part.leaves = leaves(input, step);
      part.sums = {0, 1, 1, 0, 0};
      for (auto& sum : part.sums) sum += input.byte() % 4;
      if (input.byte() == 255) part.sums[0] = input.number<double>();
      if (shape < 128) {  // else as an evaluation has it
        dense(input, message.blobs);
        lists(input, part.lists, message.blobs, /*with_values=*/true);
      }
      if (shape == 255) part.curve = {1, 2, 3};
      r.push.push_back(std::move(part));
    }
    r.pulls = shape % 2 == 0;
    r.pull_version = step + shape / 64U % 2U;
    for (unsigned i = 0; r.pulls && i < shape / 4U % 3U; ++i) {
      wire::PullPart part;
      part.leaves = leaves(input, r.pull_version);
      lists(input, part.lists, message.blobs, /*with_values=*/false);
      r.pull.push_back(std::move(part));
    }
    if (shape == 254) message.blobs.push_back(blob_of("x"));
    message.body = std::move(r);
    return message;
  }

  Message other(Taker& input) {
    Message message;
    const auto kind = input.byte();
    if (kind % 5 == 0) {
      auto r = request<wire::LeaseRequest>(input);
      r.leaving = kind >= 200;
      message.body = r;
    } else if (kind % 5 == 1) {
      message.body = request<wire::Ask>(input);
    } else if (kind % 5 == 2) {
      auto r = request<wire::Missing>(input);
      r.leaves = {leaves(input, lane_.version()), leaves(input, kind)};
      message.body = r;
    } else if (kind % 5 == 3) {
      auto r = request<wire::Fetch>(input);
      r.dense = kind % 2 == 0;
      r.range_begin = input.byte() % 4U;
      r.range_end = input.byte() % 4U;
      r.table = input.byte() % 2U;
      r.bucket_begin = input.byte();
      r.bucket_end = input.byte() * 2U;
      message.body = r;
    } else {
      auto r = request<wire::Put>(input);
      r.dense = kind % 2 == 0;
      r.range_begin = input.byte() % 4U;
      r.range_end = input.byte() % 4U;
      r.last = kind >= 200;
      if (r.dense) {
        dense(input, message.blobs);
      } else {
        std::vector<wire::KeyList> unused;
        lists(input, unused, message.blobs, /*with_values=*/true);
      }
      message.body = r;
    }
    return message;
  }

  static wire::Leaves leaves(Taker& input, std::uint64_t step) {
    const auto byte = input.byte();
    const auto begin = byte % 4U;
    return {.step = step, .begin = begin, .end = begin + 1U + byte / 64U};
  }

  static Blob floats(Taker& input, std::size_t count) {
    std::vector<float> out(count);
    for (auto& value : out) {
      const auto byte = input.byte();
      value =
          byte == 255 ? input.number<float>() : static_cast<float>(byte) - 100;
    }
    return Blob::of(std::move(out));
  }

  void dense(Taker& input, std::vector<Blob>& blobs) {
    const auto strange = input.byte();
    for (const auto& range : lane_.placement().ranges(lane_.lane_index())) {
      blobs.push_back(floats(input, range.size() + (strange == 255 ? 1 : 0)));
    }
  }

  // One list per table: keys of this lane, in order.
  void lists(Taker& input, std::vector<wire::KeyList>& out,
             std::vector<Blob>& blobs, bool with_values) {
    for (std::size_t t = 0; t < lane_.weights().table_count(); ++t) {
      const auto name = input.byte(), size = input.byte();
      std::vector<Key> keys(size % 8U);
      for (auto& key : keys) key = input.byte();
      const bool checked = size < 240;
      std::erase_if(keys, [&](Key key) {
        return checked &&
               lane_.placement().lane_of(t, key) != lane_.lane_index();
      });
      if (checked) {
        std::sort(keys.begin(), keys.end(), placement::mixed_less);
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
      }
      wire::KeyList list{.dataset = 1, .begin = name % 8U, .end = 9};
      list.key_count = keys.size();
      list.has_keys = name < 192;
      const auto width = std::size_t{lane_.weights().width(t)};
      if (list.has_keys && !keys.empty()) blobs.push_back(Blob::of(keys));
      if (with_values) blobs.push_back(floats(input, keys.size() * width));
      out.push_back(list);
    }
  }

  void check(const store::LaneEffect& effect) const {
    if (std::holds_alternative<store::SaveCheckpoint>(effect)) {
      check_checkpoint();
    } else if (const auto* peer = std::get_if<store::ToPeer>(&effect)) {
      auto frames = wire::to_frames(peer->message, wire::Cut::yes);
      PSM_CHECK(frames.ok() && wire::from_frames(*frames).ok(),
                "an answer that can be sent");
    }
  }

  void check_checkpoint() const {
    const auto copy = node::copy_lane(lane_);
    std::string bytes;
    const auto append = [&](ByteView piece) -> Status {
      bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return Done{};
    };
    PSM_CHECK(file::write_tensors(copy.tensors, copy.metadata, append).ok(),
              "a checkpoint written");
    auto file = file::SafeTensors::parse(blob_of(bytes));
    PSM_CHECK(file.ok() && file->metadata() == copy.metadata,
              "a checkpoint read back");
    for (const auto& tensor : copy.tensors) {
      const auto* found = file->find(tensor.info.name);
      PSM_CHECK(found != nullptr && found->info.shape == tensor.info.shape &&
                    std::equal(found->bytes.begin(), found->bytes.end(),
                               tensor.bytes.begin(), tensor.bytes.end()),
                "its tensors");
    }
  }

  Instant now_{};
  Lane lane_;
  std::uint64_t seq_ = 0;
};

void run(Taker input) {
  auto record = record_of(input);
  if (!sched::admit(record.spec).ok()) return;
  const auto lane_index = input.byte() % record.lanes.size();
  Session session(std::move(record), lane_index);
  for (std::size_t i = 0; i < kEventMax && !input.rest().empty(); ++i) {
    session.event(input);
  }
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
