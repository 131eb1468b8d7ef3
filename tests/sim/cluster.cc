#include "sim/cluster.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/format.h"
#include "sim/master.h"
#include "sim/network.h"
#include "sim/nodes.h"
#include "sim/witness.h"

namespace psmith::sim {
namespace {

using Endpoint = Network::Endpoint;

constexpr double kLimitMs = 120'000;  // virtual; a calm run takes about 1 s
constexpr std::uint64_t kMessageMax = 2'000'000;

class Cluster {
 public:
  Cluster(const Scenario& scenario, const Data& data, bool trace)
      : scenario_(scenario),
        data_(data),
        network_(seed_of({scenario.seed, 11}), scenario.weather),
        master_(network_, scenario.beat_ms, scenario.master_faults, trace) {
    client_ = network_.open(
        [this](Endpoint, wire::Message m) { on_client(std::move(m)); });
  }

  Verdict run();

 private:
  void add_server();
  void add_worker();
  void plan_crashes();
  void plan_master_crashes();
  void plan_troubles();
  void client_tick();
  void on_client(wire::Message message);
  std::vector<Blob> fetch(store::Lane& lane, const wire::JobInfo& info,
                          wire::Fetch request);
  std::vector<Blob> fetch_dense(store::Lane& lane, const wire::JobInfo& info,
                                std::size_t count);
  std::vector<Blob> fetch_rows(store::Lane& lane, const wire::JobInfo& info,
                               std::uint32_t table);
  bool collect(const wire::JobInfo& info);
  void submit_again();
  void judge();

  const Scenario& scenario_;
  const Data& data_;
  Network network_;
  Master master_;
  Witness witness_;
  Storage storage_;
  Endpoint client_ = 0;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Worker> unfit_;
  JobId job_;
  std::uint64_t token_ = 1;
  bool over_ = false;
  Verdict verdict_;
};

void Cluster::add_server() {
  servers_.push_back(std::make_unique<Server>(network_, master_.endpoint(),
                                              witness_, storage_, scenario_));
  servers_.back()->start();
}

void Cluster::add_worker() {
  workers_.push_back(std::make_unique<Worker>(network_, master_.endpoint(),
                                              witness_, data_, scenario_));
  workers_.back()->start();
}

// A crash takes a random living process; a replacement comes when a server
// was the last, or on the workers' own dates.
void Cluster::plan_crashes() {
  const auto crash = [this](auto& processes) {
    std::vector<std::size_t> alive;
    for (std::size_t i = 0; i < processes.size(); ++i) {
      if (processes[i]->alive()) alive.push_back(i);
    }
    if (alive.empty()) return;
    processes[alive[network_.rng().below(alive.size())]]->kill();
  };
  for (const double ms : scenario_.worker_crashes_ms) {
    network_.after(ms, [this, crash] { crash(workers_); });
  }
  for (const double ms : scenario_.worker_hangs_ms) {
    network_.after(ms, [this] {
      for (auto& worker : workers_) {
        if (!worker->alive()) continue;
        worker->hang();
        return;
      }
    });
  }
  for (const double ms : scenario_.worker_joins_ms) {
    network_.after(ms, [this] { add_worker(); });
  }
  for (const double ms : scenario_.server_crashes_ms) {
    network_.after(ms, [this, crash] { crash(servers_); });
    network_.after(ms + 700 * network_.rng().uniform(),
                   [this] { add_server(); });
  }
}

void Cluster::plan_master_crashes() {
  for (const auto& crash : scenario_.master_crashes) {
    network_.after(crash.ms, [this, crash] {
      master_.crash(crash.in_turn);
      network_.cut(master_.endpoint());
    });
    network_.after(crash.ms + crash.down_ms, [this] { master_.restart(); });
  }
}

void Cluster::plan_troubles() {
  for (const auto& trouble : scenario_.troubles) {
    network_.after(trouble.ms, [this, trouble] {
      std::vector<Process*> alive;
      for (auto& each : servers_) {
        if (each->alive()) alive.push_back(each.get());
      }
      for (auto& each : workers_) {
        if (each->alive()) alive.push_back(each.get());
      }
      if (alive.empty()) return;
      auto& process = *alive[network_.rng().below(alive.size())];
      switch (trouble.kind) {
        case Trouble::Kind::pause:
          return process.pause(trouble.for_ms);
        case Trouble::Kind::isolate:
          return process.isolate(trouble.for_ms);
        case Trouble::Kind::cut:
          return process.cut();
      }
    });
  }
}

void Cluster::client_tick() {
  wire::Message request{wire::Submit{.spec = scenario_.spec, .token = token_},
                        {}};
  if (job_) request.body = wire::Jobs{.job = job_, .name = ""};
  network_.send(client_, master_.endpoint(), std::move(request));
  network_.after(100, [this] { client_tick(); });
}

void Cluster::on_client(wire::Message message) {
  if (const auto* ok = std::get_if<wire::SubmitOk>(&message.body)) {
    job_ = ok->job;
  } else if (const auto* no = std::get_if<wire::Refused>(&message.body)) {
    verdict_.reason = no->code + ": " + no->text;
    over_ = true;
  } else if (const auto* jobs = std::get_if<wire::JobsOk>(&message.body)) {
    if (jobs->jobs.empty() || over_) return;
    const auto& info = jobs->jobs[0];
    if (info.state == wire::JobState::failed) {
      verdict_.reason = "job failed: " + info.reason;
      over_ = true;
    } else if (info.state == wire::JobState::done) {
      over_ = collect(info);
      if (!over_) submit_again();
    }
  }
}

// A server died with the finished model on it: nothing kept it, so the user
// trains it again.
void Cluster::submit_again() {
  ++token_;
  job_ = {};
}

// What a lane answers to a client; nothing: it refused.
std::vector<Blob> Cluster::fetch(store::Lane& lane, const wire::JobInfo& info,
                                 wire::Fetch request) {
  request.job = info.job;
  request.recovery = info.recovery;
  request.placement = info.placement;
  store::LaneEffects effects;
  lane.on(PeerId(client_), {request, {}}, network_.now(), effects);
  for (auto& effect : effects) {
    auto* to = std::get_if<store::ToPeer>(&effect);
    if (to != nullptr) return std::move(to->message.blobs);
  }
  return {};
}

std::vector<Blob> Cluster::fetch_dense(store::Lane& lane,
                                       const wire::JobInfo& info,
                                       std::size_t count) {
  wire::Fetch request;
  request.dense = true;
  request.range_end = static_cast<std::uint32_t>(count);
  return fetch(lane, info, std::move(request));
}

std::vector<Blob> Cluster::fetch_rows(store::Lane& lane,
                                      const wire::JobInfo& info,
                                      std::uint32_t table) {
  wire::Fetch request;
  request.table = table;
  request.bucket_end = placement::kBucketCount;
  return fetch(lane, info, std::move(request));
}

// Reads the weights from the lanes, as a client does. False: a lane is gone.
bool Cluster::collect(const wire::JobInfo& info) {
  auto& out = verdict_.outcome;
  const auto refuse = [&](const char* why) {
    verdict_.reason = why;
    return true;
  };
  const auto model = model::make_model(scenario_.spec.model).value(1);
  for (const auto& tensor : model->tensors()) {
    out.dense.emplace_back(tensor.size());
  }
  out.best_version = info.best_version;
  for (const auto& where : info.lanes) {
    store::Lane* lane = nullptr;
    for (auto& server : servers_) {
      if (server->alive() && lane == nullptr) lane = server->lane(where.lane);
    }
    if (lane == nullptr) {
      out = {};
      return false;
    }
    const auto ranges = lane->placement().ranges(lane->lane_index());
    const auto dense = fetch_dense(*lane, info, ranges.size());
    if (dense.size() != ranges.size()) return refuse("a lane gave no ranges");
    for (std::size_t i = 0; i < dense.size(); ++i) {
      std::memcpy(out.dense[ranges[i].tensor].data() + ranges[i].begin,
                  dense[i].bytes().data(), dense[i].size());
    }
    for (std::uint32_t t = 0; t < model->tables().size(); ++t) {
      const auto rows = fetch_rows(*lane, info, t);
      if (rows.size() != 2) return refuse("a lane gave no rows");
      const auto keys = rows.at(0).values<std::uint64_t>();
      const auto values = rows.at(1).values<float>();
      const auto width = model->tables()[t].width;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto from =
            values.begin() + static_cast<std::ptrdiff_t>(i * width);
        std::vector<float> row(from, from + width);
        const bool zero =
            std::all_of(row.begin(), row.end(), [](float v) { return v == 0; });
        if (zero) continue;
        if (!out.rows.emplace(keys[i], std::move(row)).second) {
          return refuse("a key is on two lanes");
        }
      }
    }
  }
  verdict_.finished = true;
  return true;
}

// What must hold besides the bits.
void Cluster::judge() {
  if (master_.job_count() > token_) {
    witness_.say(
        format("{} submissions are {} jobs", token_, master_.job_count()));
  }
  const bool calm =
      scenario_.server_crashes_ms.empty() && scenario_.troubles.empty() &&
      scenario_.weather.lost_share == 0 && scenario_.weather.delay_ms <= 0.3;
  if (calm && master_.restarts() != 0) {
    witness_.say("a job started again though no server was lost");
  }
  if (witness_.fault().empty()) return;
  verdict_.finished = false;
  verdict_.reason = witness_.fault();
}

Verdict Cluster::run() {
  for (std::size_t i = 0; i < scenario_.servers; ++i) add_server();
  for (std::size_t i = 0; i < scenario_.workers; ++i) add_worker();
  if (scenario_.unfit_worker) {
    unfit_ = std::make_unique<Worker>(network_, master_.endpoint(), witness_,
                                      data_, scenario_);
    unfit_->make_unfit();
    unfit_->start();
  }
  network_.after(10, [this] { client_tick(); });
  plan_crashes();
  plan_master_crashes();
  plan_troubles();
  if (scenario_.files_lost_ms > 0) {
    network_.after(scenario_.files_lost_ms, [this] { storage_.lose_all(); });
  }
  const Instant limit = network_.now() + Network::duration(kLimitMs);
  while (!over_ && network_.step()) {
    if (network_.now() > limit || network_.messages() > kMessageMax) {
      verdict_.reason = format("hung after {} messages", network_.messages());
      break;
    }
  }
  judge();
  verdict_.releases = master_.releases();
  verdict_.noticed = witness_.noticed();
  verdict_.messages = network_.messages();
  verdict_.virtual_s =
      std::chrono::duration<double>(network_.now().time_since_epoch()).count();
  return verdict_;
}

}  // namespace

Verdict simulate(const Scenario& scenario, const Data& data, bool trace) {
  return Cluster(scenario, data, trace).run();
}

}  // namespace psmith::sim
