#include "base/digest.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/rng.h"
#include "tests/support/temp_dir.h"

namespace psmith {

TEST_CASE("sha-256 gives the digests of FIPS 180-4", "[base]") {
  REQUIRE(sha256({}) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  REQUIRE(sha256(as_bytes("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  REQUIRE(sha256(as_bytes(std::string(1000000, 'a'))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a digest does not depend on how the bytes are cut", "[base]") {
  Sha256 digest;
  digest.update(as_bytes("a"));
  Sha256 moved = std::move(digest);
  moved.update({});
  moved.update(as_bytes("bc"));
  REQUIRE(moved.hex() == sha256(as_bytes("abc")));
}

TEST_CASE("a file's digest is that of its bytes", "[base]") {
  const support::TempDir dir;
  support::write_text(dir / "in", "abc");
  REQUIRE(sha256_file(dir / "in").value(1) == sha256(as_bytes("abc")));
  REQUIRE_FALSE(sha256_file(dir / "none").ok());
}

TEST_CASE("crc-32c gives the published values", "[base]") {
  REQUIRE(crc32c({}) == 0);
  REQUIRE(crc32c(as_bytes("123456789")) == 0xe3069283);
  REQUIRE(crc32c(as_bytes(std::string(32, '\0'))) == 0x8a9136aa);
  REQUIRE(crc32c(as_bytes(std::string(32, '\xff'))) == 0x62a8ab43);
}

TEST_CASE("crc-32c goes on from any cut", "[base]") {
  Rng rng(1);
  std::string text(100, '\0');
  for (auto& c : text) c = static_cast<char>(rng.next());
  const auto whole = crc32c(as_bytes(text));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto first = crc32c(as_bytes(text.substr(0, cut)));
    REQUIRE(crc32c(as_bytes(text.substr(cut)), first) == whole);
  }
}

TEST_CASE("crc-32c of a long text is that of its pieces", "[base]") {
  Rng rng(2);
  std::string text(100'000, '\0');
  for (auto& c : text) c = static_cast<char>(rng.next());
  // Pieces too short to be read as three stretches.
  std::uint32_t crc = 0;
  for (std::size_t at = 0; at < text.size(); at += 1000) {
    crc = crc32c(as_bytes(text.substr(at, 1000)), crc);
  }
  REQUIRE(crc32c(as_bytes(text)) == crc);
  const auto first = crc32c(as_bytes(text.substr(0, 12'288)));
  REQUIRE(crc32c(as_bytes(text.substr(12'288)), first) == crc);
}

TEST_CASE("only 64 lower-case hexadecimal digits are a digest", "[base]") {
  REQUIRE(is_digest(std::string(64, 'a')));
  REQUIRE_FALSE(is_digest(std::string(64, 'A')));
  REQUIRE_FALSE(is_digest(std::string(64, 'g')));
  REQUIRE_FALSE(is_digest(std::string(63, '0')));
}

}  // namespace psmith
