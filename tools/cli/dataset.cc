#include "dataset.h"

#include "base/format.h"
#include "data/split.h"
#include "report.h"
#include "status.h"

namespace psmith::cli {
namespace {

namespace fs = std::filesystem;

template <class T>
T need(Result<T> result, const Interrupt& interrupt) {
  if (interrupt.requested()) {
    throw Failure(kFailed, {Code::unavailable, "interrupted"});
  }
  if (!result) {
    const int status = data::exit_status(result.error());
    throw Failure(status, result.error());
  }
  return std::move(*result);
}

}  // namespace

bool is_raw(const std::vector<std::string>& data) {
  std::error_code ignored;
  return data.size() != 1 || !fs::is_directory(data.front(), ignored);
}

Dataset Datasets::open(const std::vector<std::string>& data,
                       const SplitChoice& choice, const data::Schema* like) {
  if (is_raw(data)) return split_raw(data, choice, like);
  if (given(choice.raw) || !choice.by.empty() || choice.shards != 0) {
    throw Failure(kUsage, error(Code::invalid,
                                "{} is a dataset: options of raw input "
                                "(--label, ...) do not apply to it",
                                data.front()));
  }
  if (choice.holdout > 0) {
    throw Failure(kUsage, error(Code::invalid,
                                "{} is a dataset: --holdout was decided when "
                                "it was split",
                                data.front()));
  }
  Dataset out;
  out.folder = fs::absolute(data.front()).lexically_normal();
  out.manifest = need(data::read_manifest(out.folder), interrupt_);
  return out;
}

Dataset Datasets::split_raw(const std::vector<std::string>& data,
                            const SplitChoice& choice,
                            const data::Schema* like) {
  auto options = reader_options(choice.raw, data, interrupt_);
  if (like != nullptr) options.schema = *like;
  auto reader = need(data::Reader::open(options), interrupt_);
  for (const auto& note : reader->notes()) console_.note(note);
  temporary_.push_back(std::make_unique<TempFolder>());
  data::SplitOptions split;
  split.output = temporary_.back()->path() / "data";
  split.micro_batch = static_cast<std::uint32_t>(choice.micro_batch);
  split.seed = choice.seed;
  split.shards = choice.shards;
  if (choice.by == "even") split.by = data::Division::even;
  if (choice.by == "weight") split.by = data::Division::weight;
  split.holdout = choice.holdout;
  split.fitted = like != nullptr;
  split.stop = options.stop;
  Dataset out;
  out.manifest = need(data::split(*reader, split), interrupt_);
  out.folder = split.output;
  std::uint64_t bad = 0;
  for (const auto count : reader->faults()) bad += count;
  if (bad > 0) console_.warn(format("{} bad records were left out", bad));
  console_.detail(format("{} rows, {} held out",
                         count_text(out.manifest.rows(false)),
                         count_text(out.manifest.rows(true))));
  return out;
}

}  // namespace psmith::cli
