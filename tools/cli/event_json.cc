#include "event_json.h"

namespace psmith::cli {
namespace {

void add_progress(const wire::Progress& progress, const model::Kind* kind,
                  Json& out) {
  out["step"] = progress.step;
  out["steps"] = progress.step_count;
  out["epoch"] = progress.epoch;
  out["rows"] = progress.rows;
  out["loss_since"] = progress.loss_since;
  out["loss"] = progress.loss_mean;
  out["workers"] = progress.workers;
  out["waiting_for"] = progress.waiting_for;
  out["sent_bytes"] = progress.pushed_bytes;
  out["received_bytes"] = progress.pulled_bytes;
  out["evaluated"] = progress.evaluated;
  if (kind == nullptr || !progress.evaluated) return;
  for (const auto& [name, value] :
       metrics_of(*kind, progress.eval_sums, progress.eval_auc)) {
    out["eval_" + name] = value;
  }
}

}  // namespace

Json event_json(const wire::Event& event, const model::Kind* kind) {
  Json out = {{"schema", "psmith-event-1"}, {"seq", event.seq},
              {"time_ms", event.time_ms},   {"job", event.job.value()},
              {"node", event.node.value()}, {"event", event.kind},
              {"text", event.text}};
  if (event.has_progress) add_progress(event.progress, kind, out);
  return out;
}

}  // namespace psmith::cli
