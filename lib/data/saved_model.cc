#include "data/saved_model.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/format.h"
#include "base/path.h"
#include "data/finite.h"
#include "data/model_json.h"
#include "data/seal.h"
#include "file/safetensors.h"

namespace psmith::data {
namespace {

using file::SafeTensors;

constexpr const char* kFormatName = "psmith-model";
constexpr const char* kVersion = "1";
constexpr const char* kWeightName = "weight";
constexpr const char* kBiasName = "bias";
constexpr const char* kTrainedBiasName = "bias_standardised";
constexpr const char* kKeyName = "key";
constexpr std::size_t kTensorCount = 3;  // dense or sparse
constexpr std::size_t kLengthSize = sizeof(std::uint64_t);

Error corrupt(std::string message) {
  return Error{Code::corrupt, std::move(message)};
}

// Weights as the file has them.
struct RawModel {
  std::vector<double> weight;  // dense
  std::vector<std::uint64_t> key;
  std::vector<float> table;
  std::vector<double> bias;
  std::vector<float> trained_bias;  // dense
};

void check_shapes(const SavedModel& model) {
  const auto& s = model.settings;
  const auto outputs = std::size_t{s.output_count()};
  PSM_CHECK(!check_header(model), "a model's header contradicts itself");
  PSM_CHECK(model.dense.size() == (s.dense ? 2 : 1), "a model without tensors");
  PSM_CHECK(model.dense.back().size() == outputs, "a bias of another shape");
  PSM_CHECK(!s.dense || model.dense[0].size() == outputs * s.column_count,
            "weights of another shape");
  PSM_CHECK(model.table.size() == model.key.size() * outputs,
            "a table of another shape");
  PSM_CHECK(!s.dense || model.key.empty(), "a dense model with a table");
  PSM_CHECK(
      std::is_sorted(model.key.begin(), model.key.end(), std::less_equal<>()),
      "keys that do not ascend");
}

RawModel raw_dense(const SavedModel& model) {
  RawModel raw;
  const auto& columns = model.schema.columns;
  raw.bias.assign(model.dense[1].begin(), model.dense[1].end());
  raw.trained_bias = model.dense[1];
  raw.weight.reserve(model.dense[0].size());
  for (std::size_t k = 0; k < raw.bias.size(); ++k) {
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const double w = model.dense[0][k * columns.size() + j];
      raw.weight.push_back(w / columns[j].scale);
      raw.bias[k] -= raw.weight.back() * columns[j].mean;
    }
  }
  return raw;
}

RawModel raw_sparse(const SavedModel& model) {
  RawModel raw;
  const auto outputs = std::size_t{model.settings.output_count()};
  raw.bias.assign(model.dense[0].begin(), model.dense[0].end());
  for (std::size_t i = 0; i < model.key.size(); ++i) {
    const auto row = std::span(model.table).subspan(i * outputs, outputs);
    if (std::all_of(row.begin(), row.end(), [](float w) { return w == 0; })) {
      continue;
    }
    raw.key.push_back(model.key[i]);
    raw.table.insert(raw.table.end(), row.begin(), row.end());
  }
  return raw;
}

std::vector<file::Tensor> tensors_of(const RawModel& raw, bool dense) {
  const std::uint64_t outputs = raw.bias.size();
  const std::span<const double> bias(raw.bias);
  if (dense) {
    const std::uint64_t columns = raw.weight.size() / outputs;
    return {file::tensor_of(kWeightName, {outputs, columns},
                            std::span<const double>(raw.weight)),
            file::tensor_of(kBiasName, {outputs}, bias),
            file::tensor_of(kTrainedBiasName, {outputs},
                            std::span<const float>(raw.trained_bias))};
  }
  const std::uint64_t keys = raw.key.size();
  return {file::tensor_of(kKeyName, {keys},
                          std::span<const std::uint64_t>(raw.key)),
          file::tensor_of(kBiasName, {outputs}, bias),
          file::tensor_of(kWeightName, {keys, outputs},
                          std::span<const float>(raw.table))};
}

Status check_shape(const SafeTensors& file, const char* name,
                   const std::vector<std::uint64_t>& shape) {
  if (file.find(name)->info.shape == shape) return Done{};
  return corrupt(
      format("tensor '{}' has another shape than the settings say", name));
}

Result<std::vector<double>> read_bias(const SafeTensors& file,
                                      std::size_t outputs) {
  PSM_TRY(auto bias, file.copy<double>(kBiasName));
  PSM_DO(check_shape(file, kBiasName, {outputs}));
  return bias;
}

Status read_dense(const SafeTensors& file, SavedModel& model) {
  const auto& columns = model.schema.columns;
  const auto outputs = std::size_t{model.settings.output_count()};
  PSM_TRY([[maybe_unused]] const auto raw_bias, read_bias(file, outputs));
  PSM_TRY(const auto weight, file.copy<double>(kWeightName));
  PSM_DO(check_shape(file, kWeightName, {outputs, columns.size()}));
  model.dense.assign(2, {});
  PSM_TRY(model.dense[1], file.copy<float>(kTrainedBiasName));
  PSM_DO(check_shape(file, kTrainedBiasName, {outputs}));
  model.dense[0].resize(weight.size());
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const auto& column = columns[i % columns.size()];
    model.dense[0][i] = static_cast<float>(weight[i] * column.scale);
  }
  return Done{};
}

Status read_sparse(const SafeTensors& file, SavedModel& model) {
  const auto outputs = std::size_t{model.settings.output_count()};
  PSM_TRY(const auto bias, read_bias(file, outputs));
  PSM_TRY(model.key, file.copy<std::uint64_t>(kKeyName));
  PSM_DO(check_shape(file, kKeyName, {model.key.size()}));
  PSM_TRY(model.table, file.copy<float>(kWeightName));
  PSM_DO(check_shape(file, kWeightName, {model.key.size(), outputs}));
  if (!std::is_sorted(model.key.begin(), model.key.end(),
                      std::less_equal<>())) {
    return corrupt("tensor 'key' does not ascend");
  }
  model.dense.assign(1, {});
  for (const auto b : bias) {
    model.dense[0].push_back(static_cast<float>(b));
  }
  return Done{};
}

// The JSON of a safetensors file. REQUIRES: SafeTensors::parse took it
std::string_view header_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()) + kLengthSize,
          static_cast<std::size_t>(load_le<std::uint64_t>(bytes))};
}

Result<SafeTensors> open_sealed(Blob bytes) {
  PSM_TRY(auto file, SafeTensors::parse(bytes));
  const auto& metadata = file.metadata();
  const auto at = metadata.find("format");
  if (at == metadata.end() || at->second != kFormatName) {
    return corrupt("not a psmith model");
  }
  if (!check_seal(header_of(bytes.bytes()), bytes.bytes())) {
    return corrupt("the digest does not match the content");
  }
  const auto version = metadata.find("version");
  if (version == metadata.end() || version->second != kVersion) {
    return corrupt(
        "a model of another version than 1, the one this build reads");
  }
  if (!metadata.contains("model") || !metadata.contains("digest") ||
      metadata.size() != 4) {
    return corrupt("the metadata is not that of a model");
  }
  return file;
}

}  // namespace

void in_label_units(SavedModel& model) {
  auto& s = model.settings;
  const auto scaled = [&](float w) {
    return static_cast<float>(double{w} * s.label_scale);
  };
  for (auto& tensor : model.dense) {
    std::transform(tensor.begin(), tensor.end(), tensor.begin(), scaled);
  }
  std::transform(model.table.begin(), model.table.end(), model.table.begin(),
                 scaled);
  for (auto& b : model.dense.back()) {
    b = static_cast<float>(double{b} + s.label_mean);
  }
  s.label_mean = 0;
  s.label_scale = 1;
}

bool finite_weights(const SavedModel& model) {
  return all_finite(model.table) &&
         std::all_of(model.dense.begin(), model.dense.end(),
                     [](const auto& tensor) { return all_finite(tensor); });
}

std::vector<std::byte> serialise(SavedModel& model) {
  check_shapes(model);
  PSM_CHECK(finite_weights(model), "a weight that is not finite");
  const auto raw = model.settings.dense ? raw_dense(model) : raw_sparse(model);
  const file::Metadata metadata{{"format", kFormatName},
                                {"version", kVersion},
                                {"model", header_json(model)},
                                {"digest", blank_digest()}};
  std::vector<std::byte> out;
  const auto append = [&](ByteView bytes) -> Status {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return Done{};
  };
  const auto tensors = tensors_of(raw, model.settings.dense);
  PSM_CHECK(file::write_tensors(tensors, metadata, append).ok(),
            "a model's header over its limit");
  const auto header = header_of(out);
  const auto offset =
      reinterpret_cast<const std::byte*>(header.data()) - out.data();
  model.digest =
      seal({reinterpret_cast<char*>(out.data()) + offset, header.size()}, out);
  return out;
}

Result<SavedModel> parse_model(Blob bytes) {
  PSM_TRY(const auto file, open_sealed(std::move(bytes)));
  PSM_TRY(auto model, from_header_json(file.metadata().at("model")));
  if (file.tensors().size() != kTensorCount) {
    return corrupt("holds a tensor that no model has");
  }
  if (model.settings.dense) {
    PSM_DO(read_dense(file, model));
  } else {
    PSM_DO(read_sparse(file, model));
  }
  if (!finite_weights(model))
    return corrupt("holds a weight that is not finite");
  model.digest = file.metadata().at("digest");
  return model;
}

Result<SavedModel> read_model(const std::filesystem::path& path) {
  PSM_TRY(auto bytes, map_file(path));
  auto model = parse_model(std::move(bytes));
  if (!model) return std::move(model.error()).at(path.string());
  return model;
}

}  // namespace psmith::data
