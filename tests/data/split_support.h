// Text of rows, and what split() makes of it.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "data/reader.h"
#include "data/split.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {

inline std::string csv(std::size_t rows) {
  std::string text = "a,b,y\n";
  for (std::size_t i = 0; i < rows; ++i) {
    text += std::to_string(i) + "," + std::to_string(i * i % 97) + "," +
            (i % 3 == 0 ? "no" : "yes") + "\n";
  }
  return text;
}

inline std::string libsvm(std::size_t rows) {
  std::string text;
  for (std::size_t i = 0; i < rows; ++i) {
    text += std::to_string(i % 2);
    for (std::size_t j = 1; j <= i % 7; ++j) {
      text += " " + std::to_string(j * 10 + i % 3) + ":1";
    }
    text += "\n";
  }
  return text;
}

struct Made {
  Manifest manifest;
  std::string fault;
};

inline Made made(const support::TempDir& dir, const std::string& text,
                 SplitOptions options, std::optional<Schema> like = {}) {
  support::write_text(dir / "in", text);
  ReaderOptions reading;
  reading.inputs = {(dir / "in").string()};
  reading.schema = std::move(like);
  options.fitted = reading.schema.has_value();
  auto reader = Reader::open(reading);
  REQUIRE(reader.ok());
  auto result = split(**reader, options);
  std::filesystem::remove(dir / "in");
  if (!result) return {{}, result.error().message};
  return {*result, ""};
}

}  // namespace psmith::data
