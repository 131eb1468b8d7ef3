// SavedModel: a trained model as a value, and the file that holds it.
//
// The file is safetensors (psmith-formats(5)), readable by
// safetensors.numpy.load_file. Dense linear-family models: weight F64
// (outputs, d) and bias F64 (outputs), in raw units: predict on unstandardised
// columns; bias_standardised F32 (outputs) as trained. Sparse: key U64 (n)
// ascending, weight F32 (n, outputs), bias F64 (outputs). Rows that are all
// zero are left out. The metadata holds kind, settings, schema, metrics and the
// digest of the whole file but the digest itself; only what job and data
// determine, so the same job gives the same bytes.
//
// Raw units of a column standardised as (x - mean) / scale, in double:
//   weight_raw = w / scale      bias_raw = b - sum(weight_raw * mean)
// and back on load, rounded to float: w = weight_raw * scale. The sum cancels
// where a mean is large beside its scale, so b is stored as well.
// A value; const use from any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "data/schema.h"
#include "model/model.h"

namespace psmith::data {

struct SavedModel {
  model::Settings settings;
  Schema schema;
  std::vector<std::string> classes;  // names, by class index; linear: empty
  // Weights as trained, in the schema's standardised units.
  std::vector<std::vector<float>> dense;  // in the order of Model::tensors()
  std::vector<std::uint64_t> key;         // sparse: ascending
  std::vector<float> table;               // (key.size(), outputs)
  // Free text pairs that job and data determine: optimizer, epochs, seed,
  // dataset digest, metric names and values ("loss", "accuracy", ...).
  std::map<std::string, std::string> facts;
  std::string digest;  // filled by serialise() and parse()
};

// The file's bytes; fills model.digest. The same model gives the same bytes.
// REQUIRES: weights and classes match the settings, all weights are finite
// (finite_weights() says so), keys ascend; header_json() has at most 16 MiB
std::vector<std::byte> serialise(SavedModel& model);

// Checks the digest, every shape, and that every weight is finite. Errors:
// corrupt.
Result<SavedModel> parse_model(Blob bytes);

// Weights that were trained on (label - mean) / scale become those that
// predict the label; model.settings says how, and says then that it is done.
void in_label_units(SavedModel& model);

// False: training has diverged; such a model is not to be saved.
bool finite_weights(const SavedModel& model);

// Settings, schema, classes and facts without the weights, as JSON (what the
// model file's metadata holds), and back. Errors: corrupt; name the field.
std::string header_json(const SavedModel& model);
Result<SavedModel> from_header_json(std::string_view text);

// parse_model of a mapped file. Errors: not_found, invalid, corrupt; name the
// path.
Result<SavedModel> read_model(const std::filesystem::path& path);

}  // namespace psmith::data
