#include "wire/codec.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/wire/random_message.h"
#include "wire/limits.h"
#include "wire/version.h"

namespace psmith::wire {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

Bytes encoded(const Body& body, std::vector<std::uint64_t> blobs = {}) {
  auto frame = encode_header(body, blobs);
  REQUIRE(frame);
  return std::move(*frame);
}

// Both walks. Any outcome is fine but a crash.
Result<Body> decode(ByteView frame) {
  PSM_TRY(const auto header, decode_header(frame));
  return decode_body(frame, header);
}

std::string fault_of(const Bytes& frame) {
  auto body = decode(frame);
  return body ? "" : body.error().message;
}

// An edited header: {0: type, 1: version, 2: [], 3: <field>}.
Bytes watch_with(Bytes field) {
  auto frame = bytes_of({0x84, 0, 19, 1, 1, 2, 0x90, 3});
  frame.insert(frame.end(), field.begin(), field.end());
  return frame;
}

TEMPLATE_TEST_CASE("every entry of the journal comes back as it was", "[wire]",
                   MasterEntry, NodeEntry, JobEntry, JobSpec, Event) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rng rng(seed);
    TestType entry;
    randomize(entry, rng);
    auto bytes = encode_entry(entry);
    REQUIRE(bytes);
    auto back = decode_entry<TestType>(*bytes);
    REQUIRE(back);
    REQUIRE(same(entry, *back));
    for (std::size_t size = 0; size < bytes->size(); size += 1 + size / 8) {
      REQUIRE_FALSE(decode_entry<TestType>(ByteView(*bytes).first(size)));
    }
    for (int i = 0; i < 20; ++i) {  // any outcome but a crash
      auto damaged = *bytes;
      damaged[rng.below(damaged.size())] =
          static_cast<std::byte>(rng.below(256));
      (void)decode_entry<TestType>(damaged);
    }
  }
}

TEST_CASE("every message comes back as it was", "[wire]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rng rng(seed);
    for (const auto& body : random_bodies(rng)) {
      CAPTURE(seed, name_of(body));
      const auto frame = encoded(body, {1, 0, seed << 30});
      auto header = decode_header(frame);
      REQUIRE(header);
      REQUIRE(header->type == type_of(body));
      REQUIRE(header->version == kWireVersion);
      REQUIRE(header->blob_bytes ==
              std::vector<std::uint64_t>{1, 0, seed << 30});
      auto back = decode_body(frame, *header);
      REQUIRE(back);
      REQUIRE(same_body(body, *back));
    }
  }
}

TEST_CASE("message types are distinct", "[wire]") {
  Rng rng(1);
  std::set<std::uint32_t> types;
  for (const auto& body : random_bodies(rng)) types.insert(type_of(body));
  REQUIRE(types.size() == std::variant_size_v<Body>);
  REQUIRE(*types.begin() > 0);
}

TEST_CASE("a truncated header is an error at every length", "[wire]") {
  Rng rng(7);
  for (const auto& body : random_bodies(rng)) {
    const auto frame = encoded(body, {5});
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const Bytes cut(frame.begin(),
                      frame.begin() + static_cast<std::ptrdiff_t>(size));
      CAPTURE(name_of(body), size);
      REQUIRE_FALSE(decode(cut));
    }
  }
}

TEST_CASE("a header with any bit flipped is decoded or refused", "[wire]") {
  Rng rng(8);
  for (const auto& body : random_bodies(rng)) {
    auto frame = encoded(body, {5});
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
      const auto mask = static_cast<std::byte>(1U << (bit % 8));
      frame[bit / 8] ^= mask;
      (void)decode(frame);
      frame[bit / 8] ^= mask;
    }
  }
}

TEST_CASE("random bytes are refused", "[wire]") {
  Rng rng(9);
  for (int round = 0; round < 10000; ++round) {
    Bytes frame(rng.below(100));
    for (auto& byte : frame) byte = static_cast<std::byte>(rng.next());
    CAPTURE(round);
    auto body = decode(frame);
    REQUIRE_FALSE(body);
    REQUIRE(body.error().code == Code::corrupt);
  }
}

TEST_CASE("random bytes after a good start are decoded or refused", "[wire]") {
  Rng rng(10);
  int refused = 0;
  for (int round = 0; round < 10000; ++round) {
    auto frame = bytes_of({0x84, 0, 0, 1, 1, 2, 0x90});
    frame[2] = static_cast<std::byte>(rng.below(50));
    for (auto left = rng.below(93); left > 0; --left) {
      frame.push_back(static_cast<std::byte>(rng.next()));
    }
    if (!decode(frame)) ++refused;
  }
  REQUIRE(refused > 9900);
}

TEST_CASE("a field that comes twice counts the last time, whole", "[wire]") {
  // StartJob with record {job: 7, recovery: 8}, then {job: 9}.
  auto body =
      decode(bytes_of({0x84, 0, 6, 1, 1, 3, 0x82, 3, 7, 4, 8, 3, 0x81, 3, 9}));
  REQUIRE(body);
  const auto& record = std::get<StartJob>(*body).record;
  REQUIRE(record.job == JobId(9));
  REQUIRE(record.recovery == 0);
  // A type that comes twice: Nodes, then Watch, whose field 3 is 5.
  body = decode(bytes_of({0x84, 0, 23, 1, 1, 3, 5, 0, 19}));
  REQUIRE(body);
  REQUIRE(std::get<Watch>(*body).after_seq == 5);
}

TEST_CASE("unknown fields are skipped and missing ones keep defaults",
          "[wire]") {
  // 99: {1: [[2.5], "x"]} is unknown; field 4 (job) is missing.
  auto frame =
      bytes_of({0x86, 0,    19,   1,    1,    2, 0x90, 3,    42,  99, 0x81, 1,
                0x92, 0x91, 0xca, 0x40, 0x20, 0, 0,    0xa1, 'x', 5,  0xc3});
  auto body = decode(frame);
  REQUIRE(body);
  const auto& watch = std::get<Watch>(*body);
  REQUIRE(watch.after_seq == 42);
  REQUIRE(watch.job == JobId(0));
  REQUIRE(watch.follow);
}

TEST_CASE("the header's own keys may stand anywhere", "[wire]") {
  auto body = decode(bytes_of({0x84, 3, 42, 2, 0x90, 1, 1, 0, 19}));
  REQUIRE(body);
  REQUIRE(std::get<Watch>(*body).after_seq == 42);
}

TEST_CASE("another wire version yields its number and no body", "[wire]") {
  const auto frame = bytes_of({0x84, 0, 19, 1, 7, 2, 0x90, 3, 0xa1, 'x'});
  auto header = decode_header(frame);
  REQUIRE(header);
  REQUIRE(header->version == 7);
  auto body = decode_body(frame, *header);
  REQUIRE_FALSE(body);
  REQUIRE(body.error().code == Code::conflict);
  REQUIRE(body.error().message == "wire version 7, and this is version 1");
}

TEST_CASE("a refusal is read in any wire version", "[wire]") {
  auto body = decode(bytes_of({0x84, 0, 44, 1, 7, 2, 0x90, 3, 0xa1, 'x'}));
  REQUIRE(body);
  REQUIRE(std::get<Refused>(*body).code == "x");
}

TEST_CASE("a bad header is refused with the reason", "[wire]") {
  const auto fault = [](Bytes frame) { return fault_of(frame); };
  using Catch::Contains;
  CHECK_THAT(fault({}), Contains("not a whole"));
  CHECK_THAT(fault(bytes_of({42})), Contains("not a map"));
  CHECK_THAT(fault(bytes_of({0x90})), Contains("not a map"));
  CHECK_THAT(fault(bytes_of({0x80})), Contains("no type"));
  CHECK_THAT(fault(bytes_of({0x81, 0xa1, 'a', 1})), Contains("not a number"));
  CHECK_THAT(fault(bytes_of({0x81, 0x90, 1})), Contains("not a number"));
  CHECK_THAT(fault(bytes_of({0x81, 0xff, 1})), Contains("not a number"));
  CHECK_THAT(fault(bytes_of({0x81, 0, 0xa1, 'a'})), Contains("bad type"));
  CHECK_THAT(fault(bytes_of({0x81, 0, 0x90})), Contains("bad type"));
  CHECK_THAT(fault(bytes_of({0x81, 2, 0x91, 0x90})), Contains("bad blob"));
  CHECK_THAT(fault(bytes_of({0x81, 2, 7})), Contains("bad blob"));
  CHECK_THAT(fault(bytes_of({0x82, 0, 200, 1, 1})), Contains("not a whole"));
  CHECK_THAT(fault(bytes_of({0x82, 0, 99, 1, 1})), Contains("unknown message"));
  CHECK_THAT(fault(bytes_of({0x82, 0, 19, 1, 1, 0})),
             Contains("after the map"));
  CHECK_THAT(fault(watch_with(bytes_of({0xa1, 'a'}))), Contains("field 3"));
  CHECK_THAT(fault(watch_with(bytes_of({0xff}))), Contains("field 3"));
  CHECK_THAT(fault(watch_with(bytes_of({0x80}))), Contains("field 3"));
  CHECK_THAT(fault(watch_with(bytes_of({0xc0}))), Contains("nil"));
  CHECK_THAT(fault(watch_with(bytes_of({0xc4, 0}))), Contains("binary"));
  // Role 9; thread counts of 33 bits.
  CHECK_THAT(fault(bytes_of({0x83, 0, 1, 1, 1, 3, 9})), Contains("field 3"));
  CHECK_THAT(
      fault(bytes_of({0x83, 0, 1, 1, 1, 9, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0})),
      Contains("field 9"));
}

TEST_CASE("a claimed count beyond the frame is refused at once", "[wire]") {
  REQUIRE_THAT(fault_of(watch_with(bytes_of({0xdd, 0xff, 0xff, 0xff, 0xff}))),
               Catch::Contains("beyond the frame"));
  REQUIRE_THAT(fault_of(bytes_of({0xdf, 0x7f, 0xff, 0xff, 0xff})),
               Catch::Contains("beyond the frame"));
  // A string of 4 GiB that is not there.
  REQUIRE_FALSE(decode(watch_with(bytes_of({0xdb, 0xff, 0xff, 0xff, 0xff}))));
}

TEST_CASE("nesting deeper than the limit is refused", "[wire]") {
  Bytes field(100, std::byte{0x91});
  field.push_back(std::byte{0});
  REQUIRE_THAT(fault_of(watch_with(field)), Catch::Contains("too deep"));
}

TEST_CASE("a header that would grow too large in memory is refused", "[wire]") {
  // JobsOk of a million empty maps.
  auto frame = bytes_of({0x84, 0, 22, 1, 1, 2, 0x90, 3, 0xdd, 0, 0xf, 0, 0});
  frame.resize(frame.size() + 0xf0000, std::byte{0x80});
  REQUIRE_THAT(fault_of(frame), Catch::Contains("too large"));
}

TEST_CASE("a message over a limit is not encoded", "[wire]") {
  JobSpec spec;
  spec.model_header.resize(kStringBytesMax + 1);
  auto frame = encode_header(Submit{.spec = spec}, {});
  REQUIRE_FALSE(frame);
  REQUIRE(frame.error().code == Code::exhausted);
  spec.model_header.resize(kStringBytesMax);
  const auto whole = encoded(Submit{.spec = spec});
  REQUIRE(decode(whole));
  spec.train.shards.resize(kArrayCountMax + 1);
  REQUIRE_FALSE(encode_header(Submit{.spec = spec}, {}));
  REQUIRE_FALSE(
      encode_header(Nodes{}, std::vector<std::uint64_t>(kBlobCountMax + 1)));
}

}  // namespace
}  // namespace psmith::wire
