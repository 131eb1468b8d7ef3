#include "split_flags.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "base/format.h"
#include "data/defaults.h"
#include "data/manifest.h"
#include "data/saved_model.h"
#include "need.h"
#include "options.h"

namespace psmith::cli {
namespace {

// Of the machine, as far as text input has use for them.
unsigned core_count() {
  constexpr unsigned kUseful = 8;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kUseful);
}

struct Like {
  data::Schema schema;
  bool classes = false;  // its labels are all there are
};

Like read_like(const std::string& path, const Interrupt& interrupt) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    auto model = need(data::read_model(path), interrupt);
    return {.schema = std::move(model.schema),
            .classes = model.settings.kind != model::Kind::linear};
  }
  Like out{.schema = need(data::read_manifest(path), interrupt).schema};
  out.classes = data::has_classes(out.schema);
  return out;
}

}  // namespace

void declare(CLI::App& app, SplitFlags& flags) {
  const auto group = [](CLI::Option* option) { option->group(kRawGroup); };
  group(add_choice(app, "--by", flags.by, {"even", "random", "weight"},
                   "division into shards (random)"));
  group(add_count(app, "--shards", flags.shards, 1, data::kShardCountMax,
                  "training shards (by the number of rows)"));
  group(add_real(app, "--holdout", flags.holdout, 0, 0.99,
                 "part of the rows held out as a test set"));
  group(app.add_option("--like", flags.like,
                       "dataset or model whose preprocessing is applied")
            ->type_name("DATA"));
  group(add_bytes(app, "--memory", flags.memory, "buffers (64M)"));
  declare(app, flags.raw);
}

bool given(const SplitFlags& flags) {
  return given(flags.raw) || !flags.by.empty() || !flags.like.empty() ||
         flags.shards != 0;
}

void settle(SplitFlags& flags, const Console& console) {
  if (flags.like.empty()) return;
  const auto skip_bad = flags.raw.skip_bad;
  forget_outside(flags.raw, console);
  flags.raw.skip_bad = skip_bad;
}

data::ReaderOptions reader_options(const SplitFlags& flags,
                                   std::vector<std::string> inputs,
                                   const Interrupt& interrupt) {
  auto options = reader_options(flags.raw, std::move(inputs), interrupt);
  options.threads = core_count();
  if (flags.like.empty()) return options;
  const auto& raw = flags.raw;
  if (!raw.label.empty() || !raw.weight.empty() || !raw.ignore.empty()) {
    throw Failure(kUsage, {Code::invalid,
                           "--like brings its own columns: --label, --weight "
                           "and --ignore do not go with it"});
  }
  auto like = read_like(flags.like, interrupt);
  options.schema = std::move(like.schema);
  options.known_labels = like.classes && !flags.any_label;
  check_format(raw, *options.schema, "--like " + flags.like);
  return options;
}

data::SplitOptions split_options(const SplitFlags& flags) {
  data::SplitOptions out;
  if (flags.by == "even") out.by = data::Division::even;
  if (flags.by == "weight") out.by = data::Division::weight;
  out.shards = flags.shards;
  out.micro_batch = static_cast<std::uint32_t>(flags.micro_batch);
  out.seed = flags.seed;
  out.holdout = flags.holdout;
  out.fitted = !flags.like.empty();
  out.memory = flags.memory;
  out.threads = core_count();
  return out;
}

std::string faults_text(const data::FaultCounts& faults) {
  std::string out;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i] == 0) continue;
    out += format("{}{} {}", out.empty() ? "" : ", ", faults[i],
                  data::name_of(static_cast<data::Fault>(i)));
  }
  return out;
}

}  // namespace psmith::cli
