// The keys of the configuration file; written by scripts/known-options.sh.
#include "config.h"

namespace psmith::cli {

namespace {

const char* const kNames[] = {
    "advertise",
    "after",
    "append",
    "batch",
    "beta",
    "by",
    "checkpoint-dir",
    "checkpoint-every",
    "color",
    "delimiter",
    "density",
    "detach",
    "divide",
    "epochs",
    "eval",
    "eval-every",
    "features",
    "follow",
    "force",
    "format",
    "header",
    "heartbeat",
    "holdout",
    "ignore",
    "insecure",
    "job-timeout",
    "json",
    "l1",
    "l2",
    "label",
    "labelled",
    "like",
    "listen",
    "local",
    "log",
    "log-format",
    "master",
    "max-delay",
    "memory",
    "metrics",
    "micro-batch",
    "min-delta",
    "model",
    "name",
    "no-header",
    "noise",
    "on-bad",
    "optimizer",
    "output",
    "part",
    "patience",
    "quiet",
    "rate",
    "ready-file",
    "reconnect",
    "rows",
    "schedule",
    "seed",
    "shards",
    "skip-bad",
    "sparse",
    "state",
    "steps",
    "threads",
    "timeout",
    "top",
    "verbose",
    "weight",
    "weighted",
};

}  // namespace

const std::vector<std::string>& known_options() {
  static const std::vector<std::string> names(std::begin(kNames),
                                              std::end(kNames));
  return names;
}

}  // namespace psmith::cli
