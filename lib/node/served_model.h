// ServedModel: a trained model made ready to answer Predict.
//
// It checks what a message claims (shapes, offsets, indices) before it
// touches a row, so no message can crash it, and it finds the rows of a
// sparse model by key: a direct table where keys are small numbers, else open
// addressing on the mixed key. A key the model does not have weighs nothing:
// its row is one of zeros behind the others. Rows are read where they are, so
// that a prediction takes memory for the message and its outputs only,
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
#include "wire/message.h"

namespace psmith::node {

// Key -> row of a table with ascending keys.
class KeyIndex {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  KeyIndex() = default;
  // REQUIRES: fewer than kNone keys, distinct. They must outlive the index.
  explicit KeyIndex(std::span<const std::uint64_t> keys);

  std::uint32_t row_of(std::uint64_t key,
                       std::span<const std::uint64_t> keys) const;

 private:
  std::vector<std::uint32_t> slots_;
  bool direct_ = false;
  unsigned shift_ = 0;
};

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
  void add_zero_row();
  Result<std::vector<float>> predict_dense(const wire::Predict& request,
                                           std::span<const Blob> blobs) const;
  Result<std::vector<float>> predict_sparse(const wire::Predict& request,
                                            std::span<const Blob> blobs) const;
  std::vector<std::uint32_t> rows_of(std::span<const std::uint32_t> local,
                                     std::span<const std::uint64_t> keys) const;

  data::SavedModel saved_;
  std::unique_ptr<const model::Model> model_;
  std::vector<std::span<const float>> dense_;
  KeyIndex index_;
  std::uint32_t zero_row_ = 0;  // sparse: its place in saved_.table
};

}  // namespace psmith::node
