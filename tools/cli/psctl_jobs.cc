#include "psctl_jobs.h"

#include <algorithm>

#include "base/clock.h"
#include "base/format.h"
#include "metrics.h"

namespace psmith::cli {
namespace {

struct ListOptions {
  MasterFlags master;
  bool json = false;
};

std::string age(std::uint64_t from_ms, std::uint64_t to_ms) {
  if (from_ms == 0) return "-";
  if (to_ms == 0) to_ms = unix_ms();
  return seconds_text(static_cast<double>(std::max(to_ms, from_ms) - from_ms) /
                      1000);
}

std::string percent(const wire::Progress& progress) {
  if (progress.step_count == 0) return "-";
  return format("{}%", 100 * progress.step / progress.step_count);
}

Table job_table(const std::vector<wire::JobInfo>& jobs) {
  Table table{
      {">job", "name", "kind", "state", ">done", ">loss", ">time", "reason"}};
  for (const auto& job : jobs) {
    table.row({std::to_string(job.job.value()), job.name, job.kind,
               state_name(job.state), percent(job.last),
               job.last.rows == 0 ? "-" : number_text(job.last.loss_mean),
               age(job.started_ms, job.ended_ms), job.reason});
  }
  return table;
}

int run_jobs(const ListOptions& options, Console& console) {
  Session session(options.master, console);
  const auto jobs = must(session.master().jobs());
  if (options.json) {
    Json list = Json::array();
    for (const auto& job : jobs) list.push_back(job_json(job));
    console.out.text(json_line({{"schema", "psmith-jobs-1"}, {"jobs", list}}));
    return kDone;
  }
  console.out.text(job_table(jobs).text());
  return kDone;
}

int run_models(const ListOptions& options, Console& console) {
  Session session(options.master, console);
  auto jobs = must(session.master().jobs());
  std::erase_if(jobs, [](const auto& job) { return !job.live; });
  if (options.json) {
    Json list = Json::array();
    for (const auto& job : jobs) list.push_back(job_json(job));
    console.out.text(
        json_line({{"schema", "psmith-models-1"}, {"models", list}}));
    return kDone;
  }
  Table table{{"model", ">job", "kind", ">version", ">rows", ">loss", ">age"}};
  for (const auto& job : jobs) {
    table.row({"@" + job.name, std::to_string(job.job.value()), job.kind,
               std::to_string(job.best_version), count_text(job.last.rows),
               job.last.rows == 0 ? "-" : number_text(job.last.loss_mean),
               age(job.ended_ms, 0)});
  }
  console.out.text(table.text());
  return kDone;
}

Json node_json(const wire::NodeInfo& node) {
  return {{"node", node.node.value()},
          {"role", node.role == wire::Role::server ? "server" : "worker"},
          {"name", node.name},
          {"threads", node.threads},
          {"lanes", node.lanes},
          {"addresses", node.addresses},
          {"silent_ms", node.silent_ms},
          {"progress", node.progress}};
}

Table node_table(const wire::View& view) {
  Table table{{">node", "role", "name", ">threads", ">silent", ">progress",
               "addresses"}};
  for (const auto& node : view.nodes) {
    std::string addresses;
    for (const auto& address : node.addresses) {
      addresses += (addresses.empty() ? "" : " ") + address;
    }
    table.row({std::to_string(node.node.value()),
               node.role == wire::Role::server ? "server" : "worker", node.name,
               std::to_string(node.threads), format("{} ms", node.silent_ms),
               count_text(node.progress), addresses});
  }
  return table;
}

int run_nodes(const ListOptions& options, Console& console) {
  Session session(options.master, console);
  const auto nodes = must(session.master().nodes());
  if (options.json) {
    Json list = Json::array();
    for (const auto& node : nodes.view.nodes) list.push_back(node_json(node));
    console.out.text(json_line({{"schema", "psmith-nodes-1"},
                                {"view", nodes.view.number},
                                {"nodes", list}}));
    return kDone;
  }
  console.out.text(node_table(nodes.view).text());
  return kDone;
}

int run_status(const ListOptions& options, Console& console) {
  Session session(options.master, console);
  const auto nodes = must(session.master().nodes());
  const auto jobs = must(session.master().jobs());
  const auto count = [&](wire::Role role) {
    return std::ranges::count(nodes.view.nodes, role, &wire::NodeInfo::role);
  };
  const auto servers = count(wire::Role::server);
  const auto workers = count(wire::Role::worker);
  std::vector<wire::JobInfo> active;
  std::size_t live = 0;
  for (const auto& job : jobs) {
    if (job.state < wire::JobState::done) active.push_back(job);
    live += job.live ? 1U : 0U;
  }
  if (options.json) {
    Json list = Json::array();
    for (const auto& job : active) list.push_back(job_json(job));
    console.out.text(json_line({{"schema", "psmith-status-1"},
                                {"master", session.master().address()},
                                {"wire_version", nodes.wire_version},
                                {"uptime_ms", nodes.uptime_ms},
                                {"view", nodes.view.number},
                                {"servers", servers},
                                {"workers", workers},
                                {"models", live},
                                {"jobs", list}}));
    return kDone;
  }
  console.out.text(pairs_text(
      {{"master", session.master().address()},
       {"up", seconds_text(static_cast<double>(nodes.uptime_ms) / 1000)},
       {"wire", std::to_string(nodes.wire_version)},
       {"view", std::to_string(nodes.view.number)},
       {"servers", std::to_string(servers)},
       {"workers", std::to_string(workers)},
       {"models", std::to_string(live)},
       {"jobs", format("{} active of {}", active.size(), jobs.size())}}));
  if (!active.empty()) console.out.text("\n" + job_table(active).text());
  return kDone;
}

template <class Run>
void add_list(Program& program, const char* name, const char* about, Run run) {
  auto options = std::make_shared<ListOptions>();
  auto& app = program.command(
      name, about, [options, run](Console& c) { return run(*options, c); });
  declare(app, options->master);
  app.add_flag("--json", options->json, "one JSON object");
}

}  // namespace

Json job_json(const wire::JobInfo& job) {
  return {{"job", job.job.value()},
          {"name", job.name},
          {"kind", job.kind},
          {"state", state_name(job.state)},
          {"reason", job.reason},
          {"status", job.status},
          {"live", job.live},
          {"recovery", job.recovery},
          {"lanes", job.lanes.size()},
          {"best_version", job.best_version},
          {"step", job.last.step},
          {"steps", job.last.step_count},
          {"rows", job.last.rows},
          {"loss", job.last.loss_mean},
          {"submitted_ms", job.submitted_ms},
          {"started_ms", job.started_ms},
          {"ended_ms", job.ended_ms}};
}

void add_jobs(Program& program) {
  add_list(program, "jobs", "lists jobs", run_jobs);
}

void add_models(Program& program) {
  add_list(program, "models", "lists the live models", run_models);
}

void add_status(Program& program) {
  add_list(program, "status", "one screen: master, nodes, active jobs",
           run_status);
}

void add_nodes(Program& program) {
  add_list(program, "nodes", "lists servers and workers", run_nodes);
}

}  // namespace psmith::cli
