#include "wire/frames.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "tests/support/no_memory.h"
#include "tests/wire/random_message.h"
#include "wire/codec.h"
#include "wire/limits.h"

namespace psmith::wire {
namespace {

Blob numbered(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return Blob::of(std::move(bytes));
}

bool same_bytes(const Blob& a, const Blob& b) {
  return std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(),
                    b.bytes().end());
}

std::vector<Blob> frames_of(const Message& message, Cut cut) {
  auto frames = to_frames(message, cut);
  REQUIRE(frames);
  return std::move(*frames);
}

TEST_CASE("blobs of every length come back, cut or whole", "[wire]") {
  const auto mib = kBlobFrameBytesMax;
  Message message{PredictOk{.seq = 3}, {}};
  for (const auto size : {std::size_t{0}, std::size_t{1}, mib - 1, mib, mib + 1,
                          3 * mib, std::size_t{0}}) {
    message.blobs.push_back(numbered(size));
  }
  for (const auto cut : {Cut::no, Cut::yes}) {
    const auto frames = frames_of(message, cut);
    REQUIRE(frames.size() == (cut == Cut::no ? 6 : 9));
    if (cut == Cut::yes) {
      for (const auto& frame : frames) REQUIRE(frame.size() <= mib);
    }
    auto back = from_frames(frames);
    REQUIRE(back);
    REQUIRE(std::get<PredictOk>(back->body).seq == 3);
    REQUIRE(back->blobs.size() == message.blobs.size());
    for (std::size_t i = 0; i < message.blobs.size(); ++i) {
      REQUIRE(same_bytes(back->blobs[i], message.blobs[i]));
    }
  }
}

TEST_CASE("a whole blob is the same memory on both sides", "[wire]") {
  const Message message{PredictOk{}, {numbered(3 * kBlobFrameBytesMax)}};
  auto back = from_frames(frames_of(message, Cut::no));
  REQUIRE(back);
  REQUIRE(back->blobs[0].bytes().data() == message.blobs[0].bytes().data());
}

TEST_CASE("frames that do not fit the header are refused", "[wire]") {
  const Message message{PredictOk{}, {numbered(10), numbered(20)}};
  const auto frames = frames_of(message, Cut::yes);
  const auto refuses = [](std::vector<Blob> bad) { return !from_frames(bad); };
  REQUIRE(refuses({}));
  REQUIRE(refuses({frames[0]}));
  REQUIRE(refuses({frames[0], frames[1]}));
  REQUIRE(refuses({frames[0], frames[2], frames[1]}));
  REQUIRE(refuses({frames[0], frames[1], frames[2], frames[1]}));
  REQUIRE(refuses({frames[0], numbered(30)}));
  REQUIRE(refuses({frames[0], frames[1], frames[2], Blob()}));
  REQUIRE(refuses({frames[0], frames[1], Blob(), frames[2]}));
  REQUIRE(refuses({frames[1], frames[2]}));
}

TEST_CASE("a blob that only claims to be long costs no memory", "[wire]") {
  auto header = encode_header(
      PredictOk{}, std::vector<std::uint64_t>{~std::uint64_t{0}, 10});
  REQUIRE(header);
  const auto head = Blob::of(std::move(*header));
  auto message = from_frames(std::vector{head, numbered(10)});
  REQUIRE_FALSE(message);
  REQUIRE(message.error().code == Code::corrupt);
}

TEST_CASE("a message over the limit is refused on both sides", "[wire]") {
  const auto half = static_cast<std::size_t>(kMessageBytesMax / 2);
  // Bytes that are never touched.
  const auto block = std::make_shared<const std::byte>();
  const Blob large(block, {block.get(), half});
  auto frames = to_frames({PredictOk{}, {large, large}}, Cut::no);
  REQUIRE(frames);
  REQUIRE(from_frames(*frames));
  const Message message{PredictOk{}, {large, large, numbered(1)}};
  auto sent = to_frames(message, Cut::no);
  REQUIRE_FALSE(sent);
  REQUIRE(sent.error().code == Code::exhausted);

  auto header =
      encode_header(PredictOk{}, std::vector<std::uint64_t>{half, half, 1});
  REQUIRE(header);
  frames->front() = Blob::of(std::move(*header));
  frames->push_back(numbered(1));
  auto taken = from_frames(*frames);
  REQUIRE_FALSE(taken);
  REQUIRE(taken.error().code == Code::corrupt);
  REQUIRE_THAT(taken.error().message, Catch::Contains("4294967296 bytes"));
}

TEST_CASE("wherever memory runs out, a message is refused", "[wire]") {
  if (!support::obeyed()) return;
  Submit submit;
  submit.spec.name = std::string(300, 'n');
  submit.spec.train.shards = {1, 2, 3, 4, 5};
  const Message message{submit, {numbered(kMiB + 5), numbered(9)}};
  auto frames = frames_of(message, Cut::yes);
  std::size_t sends = 0, receipts = 0;
  for (bool failed = true; failed; ++sends) {
    const support::FailingOnce failing(sends);
    auto sent = to_frames(message, Cut::yes);
    failed = failing.failed();
    REQUIRE(sent.ok() == !failed);
    if (failed) REQUIRE(sent.error().code == Code::unavailable);
  }
  for (bool failed = true; failed; ++receipts) {
    const support::FailingOnce failing(receipts);
    auto taken = from_frames(frames);
    failed = failing.failed();
    REQUIRE(taken.ok() == !failed);
    if (failed) REQUIRE(taken.error().code == Code::exhausted);
  }
  REQUIRE(sends > 5);
  REQUIRE(receipts > 5);
}

TEST_CASE("random messages with random blobs come back", "[wire]") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Rng rng(seed);
    for (auto& body : random_bodies(rng)) {
      Message message{body, {}};
      for (auto n = rng.below(4); n > 0; --n) {
        message.blobs.push_back(numbered(rng.below(1000)));
      }
      auto back = from_frames(frames_of(message, Cut::yes));
      CAPTURE(seed, name_of(body));
      REQUIRE(back);
      REQUIRE(same_body(back->body, message.body));
      REQUIRE(back->blobs.size() == message.blobs.size());
      for (std::size_t i = 0; i < message.blobs.size(); ++i) {
        REQUIRE(same_bytes(back->blobs[i], message.blobs[i]));
      }
    }
  }
}

}  // namespace
}  // namespace psmith::wire
