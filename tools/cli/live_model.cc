#include "live_model.h"

#include <algorithm>

#include "base/format.h"
#include "base/path.h"
#include "client/params_client.h"
#include "metrics.h"
#include "session.h"
#include "status.h"

namespace psmith::cli {
namespace {

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

LoadedModel fetch_model(net::Context& context, const wire::JobInfo& info,
                        int wake_fd) {
  auto header = data::from_header_json(info.spec.model_header);
  if (!header) {
    throw Failure(kUnavailable,
                  std::move(header.error())
                      .at(format("the model of job {}", info.job.value())));
  }
  LoadedModel out{std::move(*header), {}};
  auto weights =
      must(client::fetch_weights(context, info, {.wake_fd = wake_fd}));
  out.model.dense = std::move(weights.dense);
  out.model.key = std::move(weights.key);
  out.model.table = std::move(weights.table);
  out.model.settings.label_mean = info.spec.model.label_mean;
  out.model.settings.label_scale = info.spec.model.label_scale;
  data::in_label_units(out.model);
  add_facts(info, out.model);
  if (!data::finite_weights(out.model)) {
    throw Failure(kFailed,
                  {Code::invalid,
                   "training has diverged: the weights are not finite numbers\n"
                   "hint: a smaller --rate"});
  }
  out.bytes = Blob::of(data::serialise(out.model));
  return out;
}

wire::JobInfo find_live(client::MasterClient& master, const std::string& word) {
  auto info = find_job(master, word, client::MasterClient::Which::live);
  if (!info.live) {
    throw Failure(kNoInput,
                  error(Code::not_found,
                        "{} is not live: job {} is {}\n"
                        "hint: psctl models lists those that are",
                        word, info.job.value(), state_name(info.state)));
  }
  return info;
}

LoadedModel open_model(const std::string& path) {
  auto bytes = map_file(path == "-" ? "/dev/stdin" : path);
  if (!bytes) {
    const auto code = bytes.error().code;
    const bool missing = code == Code::not_found || code == Code::invalid;
    throw Failure(missing ? kNoInput : kIoError, bytes.error());
  }
  auto model = data::parse_model(*bytes);
  if (!model) {
    throw Failure(
        kBadData,
        std::move(model.error()).at(path == "-" ? "standard input" : path));
  }
  return {std::move(*model), std::move(*bytes)};
}

LoadedModel load_model(const std::string& word, const std::string& master,
                       Console& console) {
  if (!word.starts_with('@')) return open_model(word);
  Session session({.master = master}, console);
  return fetch_model(session.context(), find_live(session.master(), word),
                     session.interrupt().fd());
}

void check_stdin(const std::string& model,
                 const std::vector<std::string>& inputs) {
  if (model != "-" || std::ranges::find(inputs, "-") == inputs.end()) return;
  throw Failure(
      kUsage, {Code::invalid, "the model and its input cannot both be stdin"});
}

}  // namespace psmith::cli
