#include "data/window.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/temp_dir.h"

namespace psmith::data {

TEST_CASE("a window shows the whole input, however it is consumed", "[data]") {
  const support::TempDir dir;
  std::string text;
  for (int i = 0; i < 200000; ++i) text += std::to_string(i) + '\n';
  support::write_text(dir / "in", text);
  for (const std::size_t step : {1000, 300000, 900000}) {
    auto input = Input::open((dir / "in").string());
    REQUIRE(input.ok());
    Window window(std::move(*input));
    std::string seen;
    while (true) {
      while (!window.ended() && window.text().size() < step) {
        REQUIRE(window.fill().ok());
      }
      const auto piece = window.text().substr(0, step);
      if (piece.empty()) break;
      seen += piece;
      window.consume(piece.size());
    }
    REQUIRE(seen == text);
  }
}

}  // namespace psmith::data
