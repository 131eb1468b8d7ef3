// ServedModel: a trained model made ready to answer Predict.
//
// It checks what a message claims (shapes, offsets, indices) before it
// touches a row, so no message can crash it, and it finds the weights of a
// sparse model by key. A key the model does not have weighs nothing: its row is
// one of zeros behind the others. Rows of several classes are read where they
// are, so that a prediction takes memory for the message and its outputs only,
// however many keys and classes there are. A row's outputs have the same bits
// in whatever batch it comes. Const; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "data/saved_model.h"
#include "model/model.h"
#include "node/key_map.h"
#include "tensor/batch.h"
#include "wire/message.h"

namespace psmith::node {

class ServedModel {
 public:
  // Errors: invalid, corrupt (shapes that do not fit together).
  static Result<std::shared_ptr<const ServedModel>> make(
      data::SavedModel saved);

  const std::string& digest() const { return saved_.digest; }

  // Raw outputs (row_count, outputs) of the rows in `blobs`, laid out as
  // wire::Predict says. Errors: invalid, what does not fit.
  Result<std::vector<float>> predict(const wire::Predict& request,
                                     std::span<const Blob> blobs) const;

 private:
  ServedModel(data::SavedModel saved,
              std::unique_ptr<const model::Model> model);
  Status check_shapes() const;
  void map_keys();
  Result<std::vector<float>> predict_dense(const wire::Predict& request,
                                           std::span<const Blob> blobs) const;
  Result<std::vector<float>> predict_sparse(const wire::Predict& request,
                                            std::span<const Blob> blobs) const;
  void predict_listed(tensor::Batch batch, std::span<float> raw) const;
  void predict_entries(const tensor::Batch& batch, std::span<float> raw) const;

  data::SavedModel saved_;  // sparse: without its keys
  std::unique_ptr<const model::Model> model_;
  std::vector<std::span<const float>> dense_;
  // Sparse, by key: the weight where a key has one, else the row in
  // saved_.table.
  KeyMap<float> weight_;
  KeyMap<std::uint32_t> row_;
};

}  // namespace psmith::node
