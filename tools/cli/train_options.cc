#include "train_options.h"

#include "base/format.h"
#include "options.h"
#include "refuse.h"

namespace psmith::cli {
namespace {

constexpr std::uint64_t kCountMax = std::uint64_t{1} << 53;
constexpr double kRealMax = 1e9;

void declare_model(CLI::App& app, TrainOptions& o) {
  const auto group = [](CLI::Option* option) { option->group("training"); };
  group(add_choice(app, "--model", o.model, {"linear", "logistic", "softmax"},
                   "kind of model (by the label)"));
  group(add_choice(app, "--optimizer", o.optimizer,
                   {"sgd", "adagrad", "ftrl", "dog"}, "update rule (dog)"));
  group(add_real(app, "--rate", o.rate, 1e-12, kRealMax,
                 "learning rate (by the optimizer)"));
  group(add_choice(app, "--schedule", o.schedule,
                   {"constant", "linear", "cosine"},
                   "how the rate falls (by the optimizer)"));
  group(add_real(app, "--beta", o.beta, 1e-12, kRealMax,
                 "beta of ftrl and adagrad; first step of dog"));
  group(add_real(app, "--l1", o.l1, 0, kRealMax, "weight of |w|"));
  group(add_real(app, "--l2", o.l2, 0, kRealMax, "weight of w^2 / 2"));
  group(add_count(app, "--epochs", o.epochs, 1, kCountMax,
                  "passes over the data (by the rows)"));
  group(add_count(app, "--steps", o.steps, 1, kCountMax, "at most N steps"));
  group(add_count(app, "--batch", o.batch, 1, kCountMax,
                  "rows of a step, in whole micro-batches (by the rows)")
            ->type_name("ROWS"));
  group(add_count(app, "--micro-batch", o.split.micro_batch, 1, 1U << 20,
                  "rows of a leaf of the sum; sparse data: as it was split")
            ->type_name("ROWS"));
  group(add_count(app, "--seed", o.split.seed, 0, ~std::uint64_t{0} >> 1,
                  "of the split and of the order of steps"));
}

void declare_watching(CLI::App& app, TrainOptions& o) {
  const auto group = [](CLI::Option* option) { option->group("evaluation"); };
  group(app.add_option("--eval", o.eval, "evaluate on this dataset or raw file")
            ->type_name("DATA"));
  group(add_count(app, "--eval-every", o.eval_every, 1, 1U << 30,
                  "epochs between evaluations"));
  group(add_count(app, "--patience", o.patience, 0, 1U << 30,
                  "stop after N evaluations without a better loss"));
  group(add_real(app, "--min-delta", o.min_delta, 0, kRealMax,
                 "what counts as better"));
}

}  // namespace

void declare(CLI::App& app, TrainOptions& o) {
  app.add_option("DATA", o.data, "a dataset folder, raw files, or - for stdin")
      ->type_name("DATA")
      ->required();
  app.add_option("-o,--output", o.output, "the model file (- is stdout)")
      ->type_name("FILE");
  app.add_option("--name", o.name, "name of the job and the live model")
      ->type_name("NAME");
  declare(app, o.cluster);
  app.add_flag("--detach", o.detach, "print the job and leave it running");
  add_duration(app, "--timeout", o.timeout, "cancel the job then (status 124)");
  app.add_flag("--json", o.json, "JSON lines on stdout");
  app.add_option("--log", o.log, "keep the JSON lines in a file")
      ->type_name("FILE");
  app.add_option("--checkpoint-dir", o.checkpoint_dir,
                 "folder that every server reaches")
      ->type_name("DIR");
  add_count(app, "--checkpoint-every", o.checkpoint_every, 1, kCountMax,
            "steps between checkpoints");
  declare_model(app, o);
  declare_watching(app, o);
  declare(app, o.split);
}

void settle(TrainOptions& o, const Console& console) {
  const auto keep = [&](auto& value, const char* name) {
    if (!console.on_command_line(name)) value = {};
  };
  auto& split = o.split;
  if (!is_raw(o.data)) {
    forget_outside(split.raw, console);
    keep(split.by, "by");
    keep(split.like, "like");
    keep(split.holdout, "holdout");
    keep(split.shards, "shards");
  } else {
    settle(split, console);
    if (o.eval.empty() && split.holdout == 0) keep(o.patience, "patience");
  }
  const bool raw = is_raw(o.data) || (!o.eval.empty() && is_raw({o.eval}));
  if (raw || !uses_master(o.cluster, console)) keep(o.detach, "detach");
  if (o.detach) {
    keep(o.output, "output");
    keep(o.log, "log");
    keep(o.timeout, "timeout");
  }
  if (o.output == "-") {
    keep(o.json, "json");
    if (o.json) keep(o.output, "output");
  }
  if (o.checkpoint_dir.empty()) keep(o.checkpoint_every, "checkpoint-every");
  if (o.checkpoint_every == 0) keep(o.checkpoint_dir, "checkpoint-dir");
  if (o.optimizer == "sgd") keep(o.beta, "beta");
}

void check(const TrainOptions& o, const Console& console) {
  const bool cluster = uses_master(o.cluster, console);
  if (o.detach && !cluster) {
    refuse("--detach needs a cluster that goes on\nhint: --master ADDRESS");
  }
  if (o.detach && !o.output.empty()) {
    refuse("--detach does not wait for a model\nhint: psctl export NAME -o " +
           o.output);
  }
  if (o.detach && (!o.log.empty() || o.timeout.count() > 0)) {
    refuse(
        "--detach does not follow the job: --log and --timeout do not go with "
        "it\nhint: psctl wait JOB --timeout TIME, psctl events JOB --json");
  }
  if (o.detach && (is_raw(o.data) || (!o.eval.empty() && is_raw({o.eval})))) {
    refuse(
        "--detach needs datasets that stay, not raw input\n"
        "hint: psdata split FILE -o DIR");
  }
  if (o.output == "-" && o.json) {
    refuse("-o - and --json both write to stdout");
  }
  if (o.output == "-" && console.out.terminal()) {
    refuse(
        "a model is not written to a terminal\n"
        "hint: redirect it, or -o FILE");
  }
  if (o.log == "-") {
    refuse("--log names a file; JSON lines on stdout are --json");
  }
  const bool every = o.checkpoint_every > 0;
  if (every == o.checkpoint_dir.empty()) {
    refuse("--checkpoint-dir and --checkpoint-every go together");
  }
  if (!cluster) (void)local_options(o.cluster.local);
  if (o.patience > 0 && o.eval.empty() && o.split.holdout == 0 &&
      is_raw(o.data)) {
    refuse(
        "--patience needs something to evaluate\n"
        "hint: --eval DATA, or --holdout 0.1 with raw input");
  }
  if (o.eval == "-" && o.data == std::vector<std::string>{"-"}) {
    refuse("DATA and --eval cannot both be stdin");
  }
}

}  // namespace psmith::cli
