#include "live_model.h"

#include <sys/stat.h>

#include "base/format.h"
#include "client/params_client.h"
#include "metrics.h"
#include "session.h"
#include "status.h"

namespace psmith::cli {
namespace {

int file_status(const Error& error) {
  return error.code == Code::not_found || error.code == Code::invalid
             ? kNoInput
             : kBadData;
}

// What only the end of the job knows, and job and data determine.
void add_facts(const wire::JobInfo& info, data::SavedModel& model) {
  if (info.kind != "train") return;
  model.facts["rows"] = std::to_string(info.last.rows);
  model.facts["loss"] = format("{}", info.last.loss_mean);
  const auto metrics =
      metrics_of(info.spec.model.kind, info.last.eval_sums, info.last.eval_auc);
  for (const auto& [name, value] : metrics) {
    model.facts["eval_" + name] = format("{}", value);
  }
}

}  // namespace

LiveModel fetch_model(net::Context& context, const wire::JobInfo& info,
                      int wake_fd) {
  auto header = data::from_header_json(info.spec.model_header);
  if (!header) {
    throw Failure(kUnavailable,
                  std::move(header.error())
                      .at(format("the model of job {}", info.job.value())));
  }
  LiveModel out{std::move(*header), {}};
  auto weights =
      must(client::fetch_weights(context, info, {.wake_fd = wake_fd}));
  out.model.dense = std::move(weights.dense);
  out.model.key = std::move(weights.key);
  out.model.table = std::move(weights.table);
  add_facts(info, out.model);
  if (!data::finite_weights(out.model)) {
    throw Failure(kFailed,
                  {Code::invalid,
                   "training has diverged: the weights are not finite numbers\n"
                   "hint: a smaller --rate"});
  }
  out.bytes = data::serialise(out.model);
  return out;
}

data::SavedModel load_model(const std::string& word, const std::string& master,
                            Console& console) {
  if (!word.starts_with('@')) {
    auto model = data::read_model(word);
    if (!model) {
      const int status = file_status(model.error());
      throw Failure(status, model.error());
    }
    return std::move(*model);
  }
  Session session({.master = master}, console);
  const auto info = find_job(session.master(), word);
  if (!info.live) {
    throw Failure(kNoInput,
                  error(Code::not_found, "{} is not live: job {} is {}", word,
                        info.job.value(), state_name(info.state)));
  }
  return fetch_model(session.context(), info, session.interrupt().fd()).model;
}

}  // namespace psmith::cli
