#include "sim/nodes.h"

#include "base/check.h"

namespace psmith::sim {

using Endpoint = Network::Endpoint;

namespace {

std::string address_of(Endpoint endpoint) {
  return "sim://" + std::to_string(endpoint);
}

Endpoint endpoint_of(const std::string& address) {
  return std::stoull(address.substr(6));
}

}  // namespace

// ---- server ----------------------------------------------------------------

void Server::open_lane() {
  const auto i = lanes_.size();
  lanes_.emplace_back();
  lanes_[i].endpoint =
      network_.open([this, i, alive = alive_](Endpoint from, wire::Message m) {
        if (*alive) on_frame(i, from, std::move(m));
      });
}

std::vector<std::string> Server::addresses() {
  std::vector<std::string> out;
  for (const auto& slot : lanes_) out.push_back(address_of(slot.endpoint));
  return out;
}

std::vector<Endpoint> Server::endpoints() const {
  std::vector<Endpoint> out;
  for (const auto& slot : lanes_) out.push_back(slot.endpoint);
  return out;
}

store::Lane* Server::lane(std::uint64_t number) {
  for (auto& slot : lanes_) {
    if (!slot.lane) continue;
    const auto& record = slot.lane->record();
    if (record.lanes[slot.lane->lane_index()].lane == number) {
      return slot.lane.get();
    }
  }
  return nullptr;
}

void Server::on_frame(std::size_t i, Endpoint from, wire::Message message) {
  auto& slot = lanes_[i];
  if (!slot.lane) {
    const auto* push = std::get_if<wire::PushPull>(&message.body);
    network_.send(slot.endpoint, from,
                  {wire::Refused{.code = "unknown_job",
                                 .text = "",
                                 .seq = push == nullptr ? 0 : push->seq,
                                 .job = push == nullptr ? JobId() : push->job,
                                 .retry_ms = 0},
                   {}});
    return;
  }
  store::LaneEffects effects;
  slot.lane->on(PeerId(from), std::move(message), network_.now(), effects);
  run(slot, std::move(effects));
}

void Server::run(LaneSlot& slot, store::LaneEffects effects) {
  for (auto& effect : effects) {
    if (auto* peer = std::get_if<store::ToPeer>(&effect)) {
      network_.send(slot.endpoint, peer->peer.value(),
                    std::move(peer->message));
    } else if (auto* lead = std::get_if<store::ToLead>(&effect)) {
      network_.send(slot.endpoint,
                    endpoint_of(slot.lane->record().lanes[0].address),
                    std::move(lead->message));
    } else if (auto* master = std::get_if<store::ToMaster>(&effect)) {
      const auto* note = std::get_if<wire::Note>(&master->message.body);
      if (note != nullptr && note->kind == "leases_released") {
        witness_.released(note->node, network_.now());
      }
      tell_master(std::move(master->message.body));
    } else {
      save(*slot.lane);
    }
  }
}

// The disk takes its time; a process that dies meanwhile has written nothing.
void Server::save(const store::Lane& lane) {
  const auto& record = lane.record();
  wire::CheckpointDone done;
  done.job = record.job;
  done.recovery = record.recovery;
  done.lane = record.lanes[lane.lane_index()].lane;
  done.version = lane.version();
  later(30 * network_.rng().uniform(),
        [this, done, state = lane.state()]() mutable {
          auto file = storage_.write(std::move(state));
          done.file = std::move(file.file);
          done.sha256 = std::move(file.sha256);
          done.bytes = file.bytes;
          tell_master(done);
        });
}

bool Server::restore(store::Lane& lane) {
  const auto& checkpoint = lane.record().checkpoint;
  if (checkpoint.version == 0) return true;
  std::vector<store::LaneState> pieces;
  if (storage_.read(checkpoint, pieces)) {
    if (node_faults_.forget_slots) {
      for (auto& piece : pieces) {
        for (auto& part : piece.dense) {
          for (auto& slot : part.slot) {
            slot = Blob::of(std::vector<float>(slot.count<float>()));
          }
        }
      }
    }
    if (node_faults_.forget_piece && pieces.size() > 1) {
      for (auto& rows : pieces.back().table) {
        rows.key = rows.weight = rows.best = {};
        for (auto& slot : rows.slot) slot = {};
      }
    }
    return lane.restore(pieces, network_.now()).ok();
  }
  tell_master(wire::JobFailed{.node = {},
                              .job = lane.job(),
                              .recovery = lane.record().recovery,
                              .reason = "cannot read the checkpoint",
                              .status = 74});
  return false;
}

void Server::on_start_job(const wire::JobRecord& record) {
  for (std::size_t i = 0; i < record.lanes.size(); ++i) {
    for (auto& slot : lanes_) {
      if (address_of(slot.endpoint) != record.lanes[i].address) continue;
      const bool known = slot.lane && slot.lane->job() == record.job &&
                         slot.lane->record().recovery >= record.recovery;
      if (known) continue;
      slot.lane = std::make_unique<store::Lane>(record, i, network_.now(),
                                                store::Lane::Limits{}, faults_);
      if (!restore(*slot.lane)) {
        slot.lane.reset();
        return;
      }
      store::LaneEffects effects;
      if (!workers_.empty()) {
        slot.lane->on_workers(workers_, network_.now(), effects);
      }
      run(slot, std::move(effects));
    }
  }
  tell_master(wire::StartJobOk{
      .node = {}, .job = record.job, .recovery = record.recovery});
}

void Server::on_joined() {
  for (auto& slot : lanes_) slot.lane.reset();
}

void Server::on_end_job(const wire::EndJob& end) {
  for (auto& slot : lanes_) {
    if (!slot.lane || slot.lane->job() != end.job) continue;
    if (end.keep) {
      slot.lane->settle();
    } else {
      slot.lane.reset();
    }
  }
}

void Server::on_view(const wire::View& view) {
  workers_.clear();
  for (const auto& info : view.nodes) {
    if (info.role == wire::Role::worker) workers_.insert(info.node);
  }
  for (auto& slot : lanes_) {
    if (!slot.lane || node_faults_.skip_views) continue;
    store::LaneEffects effects;
    slot.lane->on_workers(workers_, network_.now(), effects);
    run(slot, std::move(effects));
  }
}

void Server::tick() {
  for (auto& slot : lanes_) {
    if (!slot.lane) continue;
    store::LaneEffects effects;
    slot.lane->tick(network_.now(), effects);
    run(slot, std::move(effects));
  }
}

// ---- worker ----------------------------------------------------------------

void Worker::on_start_job(const wire::JobRecord& record) {
  if (unfit_) {
    tell_master(wire::JobFailed{.node = {},
                                .job = record.job,
                                .recovery = record.recovery,
                                .reason = "cannot read the data",
                                .status = 66});
    return;
  }
  const bool known = task_ && task_->core->record().job == record.job &&
                     task_->core->record().recovery >= record.recovery;
  if (!known) {
    if (task_) network_.kill(task_->endpoint);
    task_.emplace();
    task_->number = ++tasks_;
    task_->core = std::make_unique<node::WorkerCore>(node(), record);
    task_->compute = std::make_unique<node::Compute>(
        task_->core->model(), task_->core->record().spec.classes, data_);
    for (std::size_t i = 0; i < record.lanes.size(); ++i) {
      task_->lane_of[endpoint_of(record.lanes[i].address)] = i;
    }
    task_->endpoint =
        network_.open([this, alive = alive_, number = task_->number](
                          Endpoint from, wire::Message m) {
          if (!*alive || !task_ || task_->number != number) return;
          node::WorkerEffects effects;
          task_->core->on(task_->lane_of.at(from), std::move(m), network_.now(),
                          effects);
          run(std::move(effects));
        });
  }
  tell_master(wire::StartJobOk{
      .node = {}, .job = record.job, .recovery = record.recovery});
  tick();
}

void Worker::on_joined() {
  if (task_) network_.kill(task_->endpoint);
  task_.reset();
}

void Worker::on_end_job(const wire::EndJob& end) {
  if (!task_ || task_->core->record().job != end.job) return;
  network_.kill(task_->endpoint);
  task_.reset();
}

std::vector<Endpoint> Worker::endpoints() const {
  if (!task_) return {};
  return {task_->endpoint};
}

void Worker::tick() {
  if (!task_) return;
  node::WorkerEffects effects;
  task_->core->tick(network_.now(), effects);
  run(std::move(effects));
}

void Worker::run(node::WorkerEffects effects) {
  for (auto& effect : effects) {
    if (auto* lane = std::get_if<node::ToLane>(&effect)) {
      if (spoil(lane->message)) continue;
      const auto& to = task_->core->record().lanes[lane->lane].address;
      network_.send(task_->endpoint, endpoint_of(to), std::move(lane->message));
    } else if (auto* note = std::get_if<node::NoteMaster>(&effect)) {
      tell_master(note->note);
    } else if (auto* prepared = std::get_if<node::PrepareWork>(&effect)) {
      prepare(prepared->work);
    } else if (auto* ready = std::get_if<node::ComputeWork>(&effect)) {
      compute(ready->work);
    } else if (auto* why = std::get_if<node::GiveUp>(&effect)) {
      tell_master(wire::JobFailed{.node = {},
                                  .job = task_->core->record().job,
                                  .recovery = task_->core->record().recovery,
                                  .reason = why->error.message,
                                  .status = 69});
      task_->core->give_up();
    }
  }
}

// What a planted fault does to a message; true: it is not sent.
bool Worker::spoil(wire::Message& message) {
  if (std::holds_alternative<wire::Ask>(message.body)) {
    return node_faults_.never_ask;
  }
  auto* push = std::get_if<wire::PushPull>(&message.body);
  if (push == nullptr || push->push.empty() || push->push[0].sums.empty() ||
      !node_faults_.flip_bit || flipped_) {
    return false;
  }
  for (auto& blob : message.blobs) {
    auto bytes = blob.bytes();
    if (bytes.empty() || push->push[0].lists.empty()) continue;
    std::vector<std::byte> copy(bytes.begin(), bytes.end());
    copy[0] ^= std::byte{1};  // the last bit of a gradient, or of a key
    blob = Blob::of(std::move(copy));
    flipped_ = true;
    break;
  }
  return false;
}

void Worker::prepare(std::shared_ptr<node::Work> work) {
  const auto number = task_->number;
  later(0.1, [this, number, work] {
    if (!task_ || task_->number != number) return;
    for (const auto& node : work->nodes) {
      work->plans.push_back(
          task_->compute->plan(work->step, node, task_->core->placement()));
    }
    node::WorkerEffects effects;
    task_->core->prepared(work->id, network_.now(), effects);
    run(std::move(effects));
  });
}

void Worker::compute(std::shared_ptr<const node::Work> work) {
  if (hangs_) return;
  const auto number = task_->number;
  const double ms = compute_ms_ * 2 * network_.rng().uniform();
  later(ms, [this, number, work] {
    if (!task_ || task_->number != number) return;
    std::vector<store::Sum> sums;
    for (std::size_t i = 0; i < work->nodes.size(); ++i) {
      sums.push_back(task_->compute->whole(*work, i).value(1));
    }
    node::WorkerEffects effects;
    task_->core->computed(work->id, std::move(sums), network_.now(), effects);
    run(std::move(effects));
  });
}

}  // namespace psmith::sim
