#include "data/split.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iterator>
#include <optional>

#include "base/format.h"
#include "base/rng.h"
#include "data/apply.h"
#include "data/fit.h"
#include "data/output_folder.h"
#include "data/part_writer.h"
#include "data/row_store.h"
#include "model/defaults.h"

namespace psmith::data {
namespace {

constexpr std::size_t kBlockRecords = 4096;
// Less would divide rows ever further, for nothing.
constexpr std::uint64_t kMemoryMin = std::uint64_t{1} << 20;

// Of what a row says: features and label, not how it was written.
std::uint64_t hash_of(const StoredRow& row, std::string_view label,
                      std::uint64_t seed) {
  std::uint64_t hash = mix64(seed ^ 0x686f6c646f7574);
  const auto add = [&](std::uint64_t word) { hash = mix64(hash ^ word); };
  for (const double x : row.x) add(std::bit_cast<std::uint64_t>(x + 0.0));
  for (std::size_t i = 0; i < row.index.size(); ++i) {
    add(row.index[i]);
    add(std::bit_cast<std::uint32_t>(row.value[i] + 0.0F));
  }
  if (label.empty()) add(row.label);
  for (const char c : label) add(static_cast<unsigned char>(c));
  return mix64(hash);
}

// Errors of creating and writing files: what the caller cannot mend in the
// data is an I/O error.
Status writing(Status status) {
  if (status) return status;
  auto fault = std::move(status.error());
  if (fault.code != Code::exhausted) fault.code = Code::unavailable;
  if (fault.code == Code::exhausted) {
    fault.message += "\nhint: the file system is full; nothing was kept";
  }
  return fault;
}

// A RowStore that puts rows in order holds most of the memory meanwhile: 3/8
// for rows, which may be so short that their order takes as much.
std::uint64_t spool_memory(const SplitOptions& options) {
  const auto memory = std::max(options.memory, kMemoryMin);
  return options.by == Division::random ? memory / 4 : memory;
}

Error changed() {
  return error(Code::unavailable,
               "the input has changed while it was read\nhint: a file that "
               "grows can be read from standard input");
}

class Splitter {
 public:
  Splitter(RowSource& source, const SplitOptions& options,
           const std::filesystem::path& folder)
      : source_(source),
        options_(options),
        folder_(folder),
        train_(store(folder)),
        holdout_(store(folder)),
        columns_(source.schema().columns.size()),
        known_(source.schema().label_values.size()),
        memory_(spool_memory(options)),
        workers_(options.threads) {}

  Status read();
  Result<Manifest> write();

 private:
  RowStoreOptions store(const std::filesystem::path& folder) const {
    return {.folder = folder,
            .ordered = options_.by != Division::random,
            .memory = std::max(options_.memory, kMemoryMin)};
  }
  Status count_rows();
  Status read_row(const RawBlock& block, std::size_t row);
  Status place(const StoredRow& row);
  Result<std::uint32_t> label_of(const RawBlock& block, std::size_t row);
  void count_known(float label);
  void fit_schema();
  std::uint64_t train_rows() const {
    return counted_ ? *counted_ : train_.row_count();
  }
  Status check_counts();
  std::uint64_t shard_count() const;
  std::uint64_t holdout_shard_count() const;
  PartPlan plan(bool holdout);
  Result<std::vector<ShardInfo>> write_part(RowStore& rows, bool holdout);
  Status list(Result<std::vector<ShardInfo>> shards);
  Status write_row(PartWriter& writer, const StoredRow& row);

  RowSource& source_;
  const SplitOptions& options_;
  const std::filesystem::path& folder_;
  RowStore train_, holdout_;
  ColumnFit columns_, label_{1};
  LabelFit labels_;
  std::vector<std::uint64_t> known_;  // fitted: rows of each label value
  KeyCount keys_;
  Manifest manifest_;
  std::uint64_t row_number_ = 0;
  std::vector<float> scratch_;
  SpoolMemory memory_;  // of the shards being written
  Workers workers_;
  // Set: all rows are training rows, so many, and go straight to their shards.
  std::optional<std::uint64_t> counted_;
  std::optional<PartWriter> straight_;
};

// Rows need not be stored first where nothing that they are written with
// depends on rows to come.
Status Splitter::count_rows() {
  const auto& schema = source_.schema();
  const bool known = options_.fitted || (!schema.dense() && !schema.label_text);
  if (options_.by != Division::even || options_.holdout > 0 || !known) {
    return Done{};
  }
  PSM_TRY(counted_, source_.row_count());
  if (counted_ == 0) counted_.reset();  // next() says what that means
  return counted_ ? check_counts() : Done{};
}

Status Splitter::read() {
  manifest_.schema = source_.schema();
  manifest_.dense = manifest_.schema.dense();
  PSM_DO(count_rows());
  RawBlock block;
  while (true) {
    if (options_.stop && options_.stop()) {
      return error(Code::unavailable, "interrupted");
    }
    PSM_TRY(const bool more, source_.next(kBlockRecords, block));
    if (!more) break;
    manifest_.weighted = !block.weight.empty();
    for (std::size_t row = 0; row < block.row_count; ++row) {
      PSM_DO(read_row(block, row));
    }
    if (options_.progress) options_.progress(row_number_);
  }
  return Done{};
}

Result<std::uint32_t> Splitter::label_of(const RawBlock& block,
                                         std::size_t row) {
  if (!block.label_text.empty()) return labels_.add(block.label_text[row]);
  labels_.add(block.label[row]);
  if (options_.fitted) count_known(block.label[row]);
  return std::bit_cast<std::uint32_t>(block.label[row]);
}

void Splitter::count_known(float label) {
  const auto& values = source_.schema().label_values;
  const auto at =
      std::ranges::lower_bound(values, double{label}, {}, &LabelValue::value);
  if (at == values.end() || at->value != label) return;
  ++known_[static_cast<std::size_t>(at - values.begin())];
}

Status Splitter::read_row(const RawBlock& block, std::size_t row) {
  StoredRow out;
  PSM_TRY(out.label, label_of(block, row));
  if (!block.weight.empty()) out.weight = block.weight[row];
  if (block.dense) {
    out.x = std::span(block.x).subspan(row * block.column_count,
                                       block.column_count);
  } else {
    const auto begin = block.row_begin[row];
    const auto count = block.row_begin[row + 1] - begin;
    out.index = std::span(block.index).subspan(begin, count);
    out.value = std::span(block.value).subspan(begin, count);
  }
  const auto number = row_number_++;
  out.sort_key = options_.by == Division::random
                     ? seed_of({options_.seed, 0x73706c6974, number})
                     : number;
  const auto bar = std::ldexp(options_.holdout, 64);
  const auto text = block.label_text.empty()
                        ? std::string_view()
                        : std::string_view(block.label_text[row]);
  const bool held =
      options_.holdout > 0 &&
      static_cast<double>(hash_of(out, text, options_.seed)) < bar;
  if (held) return writing(holdout_.add(out));
  if (block.dense && !options_.fitted) columns_.add(out.x);
  if (text.empty() && !options_.fitted) {
    const double label = block.label[row];
    label_.add({&label, 1});
  }
  return counted_ ? place(out) : writing(train_.add(out));
}

// Writes a row that is not stored.
Status Splitter::place(const StoredRow& row) {
  if (!straight_) straight_.emplace(folder_, plan(false), workers_);
  if (row_number_ > *counted_) return changed();
  return writing(write_row(*straight_, row));
}

void Splitter::fit_schema() {
  auto fresh = labels_.finish();
  auto& values = manifest_.schema.label_values;
  if (!options_.fitted) {
    columns_.finish(manifest_.schema.columns);
    std::vector<Column> label(1);
    label_.finish(label);
    manifest_.schema.label_mean = label[0].mean;
    manifest_.schema.label_scale = label[0].scale;
  }
  if (!options_.fitted || values.empty()) {
    values = std::move(fresh);
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) values[i].rows = known_[i];
}

Status Splitter::check_counts() {
  const auto rows = train_rows();
  if (rows == 0 || (options_.holdout > 0 && holdout_.row_count() == 0)) {
    return error(Code::invalid,
                 "--holdout {} of {} rows leaves no {} rows\nhint: choose "
                 "another fraction or another --seed",
                 options_.holdout, row_number_,
                 rows == 0 ? "training" : "test");
  }
  if (options_.shards > rows) {
    return error(Code::invalid, "--shards {}: there are only {} training rows",
                 options_.shards, rows);
  }
  const auto all = shard_count() + holdout_shard_count();
  if (all > kShardCountMax) {
    return error(Code::invalid,
                 "--shards {} with --holdout {} makes {} shards, over {}",
                 options_.shards, options_.holdout, all, kShardCountMax);
  }
  return Done{};
}

std::uint64_t Splitter::shard_count() const {
  return options_.shards != 0 ? options_.shards : default_shards(train_rows());
}

// Shards of about the size of the training shards.
std::uint64_t Splitter::holdout_shard_count() const {
  const auto shards = shard_count();
  const auto rows = (train_rows() + shards - 1) / shards;
  return (holdout_.row_count() + rows - 1) / rows;
}

PartPlan Splitter::plan(bool holdout) {
  const auto rows = train_rows();
  manifest_.block_rows = options_.micro_batch != 0
                             ? options_.micro_batch
                             : model::default_block_rows(rows);
  const auto& store = holdout ? holdout_ : train_;
  PartPlan out{.shape = {.dense = manifest_.dense,
                         .column_count = source_.schema().columns.size(),
                         .weighted = manifest_.weighted,
                         .block_rows = manifest_.block_rows,
                         .durable = options_.durable,
                         .memory = &memory_},
               .rows = holdout ? holdout_.row_count() : rows,
               .shards = holdout ? holdout_shard_count() : shard_count(),
               .first_shard = holdout ? shard_count() : 0,
               .holdout = holdout,
               .keys = holdout ? nullptr : &keys_};
  if (options_.by == Division::weight) {
    out.work = store.entry_count() + store.row_count();
  }
  return out;
}

Status Splitter::write_row(PartWriter& writer, const StoredRow& row) {
  const auto& schema = source_.schema();
  const bool ranked = schema.label_text && !options_.fitted;
  const float label = ranked ? static_cast<float>(labels_.rank_of(row.label))
                             : std::bit_cast<float>(row.label);
  const auto work = row.x.size() + row.index.size() + 1;
  if (!manifest_.dense) {
    return writer.add(SparseRow{.label = label,
                                .weight = row.weight,
                                .key = row.index,
                                .value = row.value},
                      work);
  }
  scratch_.resize(row.x.size());
  standardise(manifest_.schema.columns, row.x, scratch_);
  return writer.add(
      DenseRow{.label = label, .weight = row.weight, .x = scratch_}, work);
}

Result<std::vector<ShardInfo>> Splitter::write_part(RowStore& rows,
                                                    bool holdout) {
  PartWriter writer(folder_, plan(holdout), workers_);
  std::uint64_t done = 0;
  const auto give = [&](const StoredRow& row) -> Status {
    if (done++ % kBlockRecords == 0 && options_.stop && options_.stop()) {
      return error(Code::unavailable, "interrupted");
    }
    return write_row(writer, row);
  };
  PSM_DO(rows.drain(give));
  return writer.finish();
}

Status Splitter::list(Result<std::vector<ShardInfo>> shards) {
  if (!shards) return writing(std::move(shards.error()));
  std::ranges::move(*shards, std::back_inserter(manifest_.shards));
  return Done{};
}

Result<Manifest> Splitter::write() {
  PSM_DO(check_counts());
  fit_schema();
  manifest_.seed = options_.seed;
  manifest_.by = std::string(name_of(options_.by));
  if (counted_) {
    if (row_number_ != *counted_) return changed();
    PSM_DO(list(straight_->finish()));
  } else {
    PSM_DO(list(write_part(train_, false)));
    PSM_DO(list(write_part(holdout_, true)));
  }
  manifest_.distinct_keys = manifest_.dense ? 0 : keys_.estimate();
  PSM_DO(writing(write_manifest(folder_, manifest_, options_.durable)));
  return read_manifest(folder_);
}

}  // namespace

std::string_view name_of(Division by) {
  constexpr std::array<std::string_view, 3> kNames = {"even", "random",
                                                      "weight"};
  return kNames[static_cast<std::size_t>(by)];
}

std::uint64_t default_shards(std::uint64_t rows) {
  constexpr std::uint64_t kRows = std::uint64_t{1} << 16, kMost = 1024;
  return std::clamp<std::uint64_t>((rows + kRows - 1) / kRows, 1, kMost);
}

Result<Manifest> split(RowSource& source, const SplitOptions& options) {
  PSM_TRY(auto folder, OutputFolder::create(options.output, options.force));
  const auto tell = [&](const std::filesystem::path& path) {
    if (options.temporary) options.temporary(path);
  };
  tell(folder.path());
  auto made = [&]() -> Result<Manifest> {
    Splitter splitter(source, options, folder.path());
    PSM_DO(splitter.read());
    PSM_TRY(auto manifest, splitter.write());
    PSM_DO(folder.commit(options.durable));
    return manifest;
  }();
  folder.discard();
  tell({});
  return made;
}

}  // namespace psmith::data
