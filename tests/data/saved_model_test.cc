#include "data/saved_model.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "base/digest.h"
#include "base/path.h"
#include "base/rng.h"
#include "data/seal.h"
#include "file/safetensors.h"
#include "tests/support/damage.h"
#include "tests/support/dataset.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

SavedModel dense_model(std::uint32_t classes = 3) {
  SavedModel model;
  model.schema = support::dense_schema(2);
  model.settings = {model::Kind::softmax, true, 2, classes};
  for (std::uint32_t k = 0; k < classes; ++k) {
    model.classes.push_back("class \xe9 " + std::to_string(k));
    model.dense.resize(2);
    model.dense[0].insert(model.dense[0].end(),
                          {0.1F * static_cast<float>(k), -3});
    model.dense[1].push_back(static_cast<float>(k));
  }
  model.facts = {{"digest", "not this one"}, {"loss", "0.25"}};
  return model;
}

SavedModel sparse_model() {
  SavedModel model;
  model.schema = support::sparse_schema();
  model.settings.kind = model::Kind::logistic;
  model.classes = {"-1", "1"};
  model.dense = {{0.5F}};
  model.key = {0, 7, ~std::uint64_t{0}};
  model.table = {1, -2.5F, 1e-30F};
  model.facts = {{"optimizer", "ftrl"}};
  return model;
}

std::string bytes_of(SavedModel model) {
  return support::text_of(serialise(model));
}

Result<SavedModel> parsed_model(const std::string& text) {
  return parse_model(support::blob_of(text));
}

file::SafeTensors tensors_of(const std::string& text) {
  return file::SafeTensors::parse(support::blob_of(text)).value(1);
}

void require_same_model(const SavedModel& a, const SavedModel& b) {
  REQUIRE(a.settings.kind == b.settings.kind);
  REQUIRE(a.settings.dense == b.settings.dense);
  REQUIRE(a.settings.column_count == b.settings.column_count);
  REQUIRE(a.settings.class_count == b.settings.class_count);
  REQUIRE(a.schema == b.schema);
  REQUIRE(a.classes == b.classes);
  REQUIRE(a.facts == b.facts);
  REQUIRE(a.dense == b.dense);
  REQUIRE(a.key == b.key);
  REQUIRE(a.table == b.table);
}

}  // namespace

TEST_CASE("a model comes back from its bytes", "[data]") {
  for (auto model : {dense_model(), sparse_model()}) {
    const auto text = support::text_of(serialise(model));
    const auto read = parsed_model(text).value(1);
    require_same_model(read, model);
    REQUIRE(is_digest(model.digest));
    REQUIRE(read.digest == model.digest);
    REQUIRE(bytes_of(model) == text);
    REQUIRE(bytes_of(read) == text);
  }
}

TEST_CASE("random weights and columns come back to the bit", "[data]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    Rng rng(seed);
    auto model = dense_model();
    for (auto& column : model.schema.columns) {
      column.mean = rng.normal() * 1000;
      column.scale = std::exp(4 * rng.normal());
    }
    for (auto& tensor : model.dense) {
      for (auto& w : tensor) w = static_cast<float>(rng.normal());
    }
    const auto text = bytes_of(model);
    require_same_model(parsed_model(text).value(1), model);
    REQUIRE(bytes_of(parsed_model(text).value(1)) == text);
  }
}

TEST_CASE("a bias survives columns whose mean dwarfs their scale", "[data]") {
  auto model = dense_model();
  model.schema.columns[0].mean = 1e15;
  model.schema.columns[0].scale = 11.5;
  model.schema.columns[1].mean = -1e30;
  model.dense[1] = {0.123456789F, -1e-7F, 3};
  const auto text = bytes_of(model);
  require_same_model(parsed_model(text).value(1), model);
  REQUIRE(bytes_of(parsed_model(text).value(1)) == text);
  REQUIRE(tensors_of(text).copy<float>("bias_standardised").value(1) ==
          model.dense[1]);
}

TEST_CASE("a dense model's weights are in raw units", "[data]") {
  auto model = dense_model(2);
  const auto file = tensors_of(bytes_of(model));
  const auto weight = file.copy<double>("weight").value(1);
  const auto bias = file.copy<double>("bias").value(1);
  REQUIRE(file.find("weight")->info.shape == std::vector<std::uint64_t>{2, 2});
  const double x[] = {12.5, -7.25};
  for (std::size_t k = 0; k < 2; ++k) {
    double raw = bias[k], standard = model.dense[1][k];
    for (std::size_t j = 0; j < 2; ++j) {
      const auto& column = model.schema.columns[j];
      raw += weight[k * 2 + j] * x[j];
      standard += static_cast<double>(model.dense[0][k * 2 + j]) *
                  (x[j] - column.mean) / column.scale;
    }
    REQUIRE(raw == Approx(standard).epsilon(1e-12));
  }
}

TEST_CASE("rows that are all zero are left out", "[data]") {
  auto model = sparse_model();
  model.table[1] = -0.0F;
  const auto read = parsed_model(bytes_of(model)).value(1);
  REQUIRE(read.key == std::vector<std::uint64_t>{0, ~std::uint64_t{0}});
  REQUIRE(read.table == std::vector<float>{1, 1e-30F});
  model.key.clear();
  model.table.clear();
  REQUIRE(parsed_model(bytes_of(model)).value(1).key.empty());
}

TEST_CASE("a model's digest is that of its bytes with the digest blank",
          "[data]") {
  auto model = sparse_model();
  auto text = support::text_of(serialise(model));
  REQUIRE(tensors_of(text).metadata().at("digest") == model.digest);
  text.replace(text.find(model.digest), kDigestLength,
               std::string(kDigestLength, '0'));
  REQUIRE(sha256(as_bytes(text)) == model.digest);
}

TEST_CASE("every truncated model is refused", "[data]") {
  for (const auto& model : {dense_model(), sparse_model()}) {
    const auto whole = bytes_of(model);
    support::each_truncation(whole, [](const std::string& damaged) {
      if (parsed_model(damaged).ok()) FAIL("accepted " << damaged.size());
    });
    REQUIRE_FALSE(parsed_model(whole + '\0').ok());
  }
}

TEST_CASE("every model with a flipped bit is refused", "[data]") {
  for (const auto& model : {dense_model(), sparse_model()}) {
    support::each_flipped_bit(bytes_of(model), [](const std::string& damaged) {
      auto read = parsed_model(damaged);
      if (read.ok() || read.error().code != Code::corrupt) FAIL("accepted");
    });
  }
}

TEST_CASE("mangled models are refused", "[data]") {
  const auto whole = bytes_of(sparse_model());
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    const auto damaged = support::mangled(whole, rng);
    if (damaged != whole && parsed_model(damaged).ok()) FAIL("seed " << seed);
  }
}

TEST_CASE("other safetensors files are no models", "[data]") {
  REQUIRE(
      parsed_model(std::string("\x02\0\0\0\0\0\0\0{}", 10)).error().message ==
      "not a psmith model");
}

TEST_CASE("a digest under another name is no model's", "[data]") {
  const auto model = tensors_of(bytes_of(sparse_model()));
  const auto made = [&](const char* digest_name) {
    file::Metadata metadata{{"format", "psmith-model"},
                            {"version", "1"},
                            {"model", model.metadata().at("model")},
                            {digest_name, std::string(64, '0')}};
    std::string text;
    const auto append = [&](ByteView bytes) -> Status {
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return Done{};
    };
    REQUIRE(file::write_tensors(model.tensors(), metadata, append).ok());
    const auto size = load_le<std::uint64_t>(as_bytes(text));
    seal(std::span(text).subspan(8, size), as_bytes(text));
    return text;
  };
  REQUIRE(parsed_model(made("digest")).ok());
  // As text it looks the same.
  REQUIRE(parsed_model(made("x\"digest")).error().message ==
          "the metadata is not that of a model");
}

TEST_CASE("a model file is named in its errors", "[data]") {
  const support::TempDir dir;
  const auto path = dir / "m";
  REQUIRE(read_model(path).error().code == Code::not_found);
  support::write_text(path, "nothing");
  REQUIRE(read_model(path).error().message ==
          path.string() + ": shorter than 8 bytes");
  support::write_text(path, bytes_of(dense_model()));
  require_same_model(read_model(path).value(1), dense_model());
  REQUIRE(read_model(dir.path()).error().code == Code::invalid);
}

TEST_CASE("weights that are not finite are noticed", "[data]") {
  auto model = sparse_model();
  REQUIRE(finite_weights(model));
  model.table[0] = std::nanf("");
  REQUIRE_FALSE(finite_weights(model));
  model = dense_model();
  model.dense[1][0] = HUGE_VALF;
  REQUIRE_FALSE(finite_weights(model));
}

TEST_CASE("weights of a standardised label become those of the label",
          "[data]") {
  SavedModel model;
  model.settings = {.kind = model::Kind::linear};
  model.settings.label_mean = 10;
  model.settings.label_scale = 4;
  SECTION("dense") {
    model.dense = {{1, -2}, {0.5F}};
    in_label_units(model);
    REQUIRE(model.dense[0] == std::vector<float>{4, -8});
    REQUIRE(model.dense[1] == std::vector<float>{12});
  }
  SECTION("sparse") {
    model.dense = {{0.5F}};
    model.table = {1, -3};
    in_label_units(model);
    REQUIRE(model.dense[0] == std::vector<float>{12});
    REQUIRE(model.table == std::vector<float>{4, -12});
  }
  REQUIRE(model.settings.label_mean == 0);
  REQUIRE(model.settings.label_scale == 1);
}

}  // namespace psmith::data
