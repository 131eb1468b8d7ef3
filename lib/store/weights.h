// Weights: what one lane holds of a job: its dense ranges and its share of the
// tables, with optimizer slots beside them, at version v and, until every lane
// is known to have v, at v-1 too.
//
// Dense ranges are immutable blocks with shared ownership: answers send them
// without a copy while the next version is made in another block. Tables are
// changed in place; the rows that the last step touched keep their old values
// in an undo list. The lane's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/model.h"
#include "optim/optimizer.h"
#include "placement/placement.h"
#include "store/lane_state.h"
#include "store/sum.h"
#include "store/table.h"

namespace psmith::store {

class Weights {
 public:
  Weights(const model::Model& model, const optim::Settings& optimizer,
          std::span<const placement::Range> ranges);

  std::uint64_t version() const { return version_; }
  bool has(std::uint64_t version) const {
    return version == version_ || (has_old_ && version + 1 == version_);
  }

  // One optimizer step on everything the sum touches; version() grows by one.
  // scale: what the gradient is multiplied by first (1 for a sum).
  void apply(const Sum& sum, double rate, float scale);
  // A step that changes no weight (evaluation).
  void advance();
  // Every lane has version(): the one before is needed no more.
  void drop_old();

  std::size_t range_count() const { return dense_.size(); }
  std::size_t table_count() const { return table_.size(); }
  std::uint32_t width(std::size_t table) const { return table_[table].width(); }

  // REQUIRES: has(version)
  Blob dense(std::size_t range, std::uint64_t version) const;

  // Rows of the keys, 0 for keys without a row; a read creates none, but fills
  // in the row numbers that it finds. REQUIRES: has(version)
  std::vector<float> rows(std::size_t table, KnownList& list,
                          std::uint64_t version);

  // Best snapshot for early stopping: remember now; go back to it at the end.
  void keep_best();
  void restore_best();
  // No step will follow: goes back to the best snapshot, if one was kept, and
  // frees all but the weights at version().
  void settle();
  // Whether every weight at version() is a finite number.
  bool finite() const;
  bool has_best() const { return has_best_; }

  // Every row whose bucket is in [begin, end), by key ascending.
  struct Rows {
    std::uint32_t width = 1;
    std::vector<placement::Key> key;
    std::vector<float> value;  // (key.size(), width)
  };
  Rows bucket_rows(std::size_t table, std::uint32_t begin,
                   std::uint32_t end) const;

  // Overwrites (import). REQUIRES: value sizes fit
  void put_dense(std::size_t range, std::vector<float> value);
  void put_rows(std::size_t table, std::span<const placement::Key> key,
                std::span<const float> value);

  // Fills in the row numbers that are known now.
  void find(std::size_t table, KnownList& list) const {
    table_[table].find(list);
  }

  const Table& table(std::size_t i) const { return table_[i]; }

  // For a checkpoint: everything at version(). ranges: as given to the
  // constructor.
  void save(std::span<const placement::Range> ranges, LaneState& out) const;
  // From a checkpoint, piece by piece, and then its version. Rows that `mine`
  // does not take belong to other lanes. Errors: corrupt (sizes that do not
  // fit). REQUIRES: nothing was applied or put
  Status restore_range(std::size_t range, const LaneState::Part& part);
  Status restore_rows(std::size_t table, const LaneState::Rows& rows,
                      const std::function<bool(placement::Key)>& mine);
  void begin_at(std::uint64_t version, bool has_best);

 private:
  using Block = std::shared_ptr<std::vector<float>>;
  struct Undo {
    std::shared_ptr<const KnownList> list;                // what was touched
    std::vector<float> value;                             // (size, width)
    std::unordered_map<std::uint32_t, std::uint32_t> at;  // built when asked

    void clear() {
      list.reset();
      value.clear();
      at.clear();
    }
  };
  // Rows side by side: of a tile of a table, weights and slots apart.
  struct Tile {
    std::vector<float> weight, gradient;
    std::array<std::vector<float>, optim::kSlotMax> slot;
  };
  void save_rows(std::size_t table, LaneState::Rows& out) const;
  std::size_t best_rows_size(std::size_t table) const;  // floats
  void apply_range(std::size_t range, std::span<const float> gradient,
                   double rate, float scale);
  void apply_table(std::size_t table, const TableSum& sum, double rate,
                   float scale);
  void undo(std::size_t table, const KnownList& list, std::span<float> value);
  void apply_rows(Table& table, std::span<const std::uint32_t> row,
                  const float* gradient, float* old, double rate, float scale);

  std::unique_ptr<const optim::Optimizer> optimizer_;
  std::vector<bool> regularised_;                      // by range
  std::vector<Block> dense_, old_;                     // by range
  std::vector<std::vector<std::vector<float>>> slot_;  // by range, slot
  std::vector<Table> table_;
  std::vector<Undo> undo_;  // by table
  std::uint64_t version_ = 0;
  bool has_old_ = false;
  std::vector<Block> best_;                    // by range
  std::vector<std::vector<float>> best_rows_;  // by table: weights of rows
  bool has_best_ = false;
  Tile tile_;
};

}  // namespace psmith::store
