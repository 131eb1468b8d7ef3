// Messages from their frames: one that is taken gives the same message when it
// is sent again, cut into frames or not; any other is refused.
//
// Input: mode (1 byte), and
//   even mode: how the rest is cut into frames (1 byte: blobs, then their sizes
//              in 1 byte each), the blobs, the header frame;
//   odd mode:  a seed (2 bytes) for a message with random content, and edits of
//              its header (3 bytes each: where, what).
#include <variant>

#include "base/rng.h"
#include "input.h"
#include "wire/codec.h"
#include "wire/frames.h"
#include "wire/random_message.h"

namespace psmith::fuzz {
namespace {

using wire::Cut;
using wire::Message;

std::vector<Blob> raw_frames(Taker& input) {
  std::vector<std::size_t> sizes(input.byte() % 8);
  for (auto& size : sizes) size = input.byte() % 64;
  std::vector<Blob> blobs;
  for (const auto size : sizes) blobs.push_back(blob_of(input.text(size)));
  std::vector<Blob> frames{blob_of(input.rest())};
  frames.insert(frames.end(), blobs.begin(), blobs.end());
  return frames;
}

template <std::size_t I = 0>
wire::Body random_body(std::size_t type, Rng& rng) {
  if constexpr (I < std::variant_size_v<wire::Body>) {
    if (type != I) return random_body<I + 1>(type, rng);
    std::variant_alternative_t<I, wire::Body> message;
    wire::randomize(message, rng);
    return message;
  } else {
    return {};
  }
}

std::vector<Blob> edited_frames(Taker& input) {
  Rng rng(input.number<std::uint16_t>());
  const auto type = rng.below(std::variant_size_v<wire::Body>);
  Message message{random_body(type, rng), {}};
  for (auto count = rng.below(4); count > 0; --count) {
    message.blobs.push_back(blob_of(std::string(rng.below(32), 'x')));
  }
  auto frames = wire::to_frames(message, Cut::yes);
  PSM_CHECK(frames.ok(), "a message in frames");
  auto header = frames->front().values<char>();
  while (!input.rest().empty()) {
    const auto at = input.number<std::uint16_t>() % header.size();
    header[at] = static_cast<char>(input.byte());
  }
  frames->front() = Blob::of(std::move(header));
  return std::move(*frames);
}

bool same_bytes(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void check_again(const Message& message, Cut cut) {
  auto frames = wire::to_frames(message, cut);
  PSM_CHECK(frames.ok(), "a message sent again");
  auto again = wire::from_frames(*frames);
  PSM_CHECK(again.ok(), "a message read again");
  PSM_CHECK(wire::name_of(again->body) == wire::name_of(message.body),
            "the same type");
  // Every member is in the header: equal headers are equal messages. A NaN
  // does not equal itself, so structs are not compared.
  auto frames_again = wire::to_frames(*again, cut);
  PSM_CHECK(frames_again.ok() && frames_again->size() == frames->size(),
            "the same frames");
  for (std::size_t i = 0; i < frames->size(); ++i) {
    PSM_CHECK(same_bytes((*frames)[i].bytes(), (*frames_again)[i].bytes()),
              "the same bytes");
  }
  PSM_CHECK(again->blobs.size() == message.blobs.size(), "all blobs");
  for (std::size_t i = 0; i < message.blobs.size(); ++i) {
    PSM_CHECK(same_bytes(again->blobs[i].bytes(), message.blobs[i].bytes()),
              "the same blob");
  }
}

void run(Taker input) {
  const auto mode = input.byte();
  const auto frames = mode % 2 == 0 ? raw_frames(input) : edited_frames(input);
  auto message = wire::from_frames(frames);
  if (message) {
    check_again(*message, Cut::no);
    check_again(*message, Cut::yes);
    return;
  }
  const auto code = message.error().code;
  PSM_CHECK(code == Code::corrupt || code == Code::conflict, "a refusal");
  PSM_CHECK(!message.error().message.empty(), "a refusal says why");
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
