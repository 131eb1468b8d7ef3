#include "dataset.h"

#include "base/format.h"
#include "data/split.h"
#include "need.h"
#include "report.h"

namespace psmith::cli {
namespace {

namespace fs = std::filesystem;

}  // namespace

bool is_raw(const std::vector<std::string>& data) {
  std::error_code ignored;
  return data.size() != 1 || !fs::is_directory(data.front(), ignored);
}

Dataset Datasets::open(const std::vector<std::string>& data,
                       const SplitFlags& flags, const data::Schema* like,
                       bool classes) {
  if (is_raw(data)) return split_raw(data, flags, like, classes);
  if (given(flags)) {
    throw Failure(kUsage, error(Code::invalid,
                                "{} is a dataset: options of raw input "
                                "(--label, ...) do not apply to it",
                                data.front()));
  }
  if (flags.holdout > 0) {
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
                            const SplitFlags& flags, const data::Schema* like,
                            bool classes) {
  auto options = reader_options(flags, data, interrupt_);
  if (like != nullptr) {
    options.schema = *like;
    options.known_labels = classes;
  }
  auto reader = need(data::Reader::open(options), interrupt_);
  for (const auto& note : reader->notes()) console_.note(note);
  temporary_.push_back(std::make_unique<TempFolder>());
  auto split = split_options(flags);
  split.output = temporary_.back()->path() / "data";
  split.fitted = split.fitted || like != nullptr;
  split.durable = Durable::no;  // it goes with the command
  split.stop = options.stop;
  Dataset out;
  out.manifest = need(data::split(*reader, split), interrupt_);
  out.folder = split.output;
  const auto faults = faults_text(reader->faults());
  if (!faults.empty()) console_.warn("bad records left out: " + faults);
  console_.detail(format("{} rows, {} held out",
                         count_text(out.manifest.rows(false)),
                         count_text(out.manifest.rows(true))));
  return out;
}

}  // namespace psmith::cli
