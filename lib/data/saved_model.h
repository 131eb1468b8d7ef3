// SavedModel: a trained model as a value, and the file that holds it.
//
// The file is safetensors (psmith-formats(5)), readable by
// safetensors.numpy.load_file. Dense linear-family models: weight F64
// (outputs, d) and bias F64 (outputs), in raw units: predict on unstandardised
// columns. Sparse: key U64 (n) ascending, weight F32 (n, outputs), bias F64
// (outputs). Rows that are all zero are left out. The metadata holds kind,
// settings, schema, metrics and the digest of the whole file but the digest
// itself; only what job and data determine, so the same job gives the same
// bytes. A value; const use from any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
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
std::vector<std::byte> serialise(SavedModel& model);

// Checks the digest and every shape. Errors: corrupt.
Result<SavedModel> parse_model(Blob bytes);

// parse_model of a mapped file. Errors: not_found, corrupt; name the path.
Result<SavedModel> read_model(const std::filesystem::path& path);

}  // namespace psmith::data
