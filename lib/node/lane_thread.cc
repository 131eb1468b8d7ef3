#include "node/lane_thread.h"

#include "base/format.h"
#include "node/lane_file.h"

namespace psmith::node {
namespace {

// The job and number of a request, where it has them.
struct Asked {
  JobId job;
  std::uint64_t seq = 0;
};

Asked asked_of(const wire::Body& body) {
  return std::visit(
      [](const auto& m) {
        Asked asked;
        if constexpr (requires { m.job; }) asked.job = m.job;
        if constexpr (requires { m.seq; }) asked.seq = m.seq;
        return asked;
      },
      body);
}

}  // namespace

LaneThread::LaneThread(net::Context& context, const std::string& listen,
                       store::Lane::Limits limits, ToMaster to_master)
    : context_(context), limits_(limits), to_master_(std::move(to_master)) {
  socket_ = std::make_unique<net::RouterSocket>(
      reactor_, context_, [this](PeerId from, wire::Message message) {
        on_frame(from, std::move(message));
      });
  auto bound = socket_->bind(listen);
  if (!bound) {
    throw Failure(bound.error().code == Code::invalid ? 2 : 73, bound.error());
  }
  endpoint_ = *bound;
}

LaneThread::~LaneThread() {
  reactor_.stop();
  if (thread_.joinable()) thread_.join();
}

void LaneThread::start() {
  thread_ = std::jthread([this] {
    reactor_.every(store::Lane::kTick, [this] { tick(); });
    reactor_.run();
  });
}

void LaneThread::start_job(wire::JobRecord record, std::size_t index,
                           std::function<void(Status)> done) {
  reactor_.post([this, record = std::move(record), index,
                 done = std::move(done)]() mutable {
    done(begin(std::move(record), index));
  });
}

Status LaneThread::begin(wire::JobRecord record, std::size_t index) {
  const auto id = record.job;
  const auto found = jobs_.find(id);
  if (found != jobs_.end() &&
      found->second.lane->record().recovery >= record.recovery) {
    return Done{};
  }
  Job job;
  const std::string lead = record.lanes[0].address;
  try {
    job.lane = std::make_unique<store::Lane>(std::move(record), index,
                                             reactor_.now(), limits_);
  } catch (const Failure& failure) {
    return Error{Code::invalid, failure.what()};
  } catch (const std::bad_alloc&) {
    return Error{Code::exhausted, "a server has too little memory"};
  }
  if (index != 0) {
    job.lead = std::make_unique<net::DealerSocket>(reactor_, context_, lead,
                                                   [](wire::Message) {});
  }
  auto& kept = jobs_[id] = std::move(job);
  if (knows_workers_) {
    store::LaneEffects effects;
    kept.lane->on_workers(workers_, reactor_.now(), effects);
    run(kept, std::move(effects));
  }
  return Done{};
}

void LaneThread::end_job(wire::EndJob end) {
  reactor_.post([this, end] {
    if (!end.keep) jobs_.erase(end.job);
  });
}

void LaneThread::set_workers(std::set<NodeId> workers) {
  reactor_.post([this, workers = std::move(workers)]() mutable {
    workers_ = std::move(workers);
    knows_workers_ = true;
    for (auto& [id, job] : jobs_) {
      store::LaneEffects effects;
      job.lane->on_workers(workers_, reactor_.now(), effects);
      run(job, std::move(effects));
    }
  });
}

void LaneThread::clear() {
  reactor_.post([this] { jobs_.clear(); });
}

void LaneThread::tick() {
  for (auto& [id, job] : jobs_) {
    store::LaneEffects effects;
    job.lane->tick(reactor_.now(), effects);
    run(job, std::move(effects));
  }
}

void LaneThread::on_frame(PeerId from, wire::Message message) {
  const auto asked = asked_of(message.body);
  const auto found = jobs_.find(asked.job);
  if (found == jobs_.end()) {
    socket_->send(
        from,
        {wire::Refused{.code = "unknown_job",
                       .text = format("no job {} here", asked.job.value()),
                       .seq = asked.seq,
                       .job = asked.job,
                       .retry_ms = 50},
         {}});
    return;
  }
  store::LaneEffects effects;
  found->second.lane->on(from, std::move(message), reactor_.now(), effects);
  run(found->second, std::move(effects));
}

void LaneThread::run(Job& job, store::LaneEffects effects) {
  for (auto& effect : effects) {
    if (auto* peer = std::get_if<store::ToPeer>(&effect)) {
      // Not taken: the peer is gone, or asks again.
      socket_->send(peer->peer, peer->message);
    } else if (auto* lead = std::get_if<store::ToLead>(&effect)) {
      if (job.lead) job.lead->send(lead->message);
    } else if (auto* master = std::get_if<store::ToMaster>(&effect)) {
      to_master_(std::move(master->message.body));
    } else if (auto* checkpoint = std::get_if<store::SaveCheckpoint>(&effect)) {
      save(*job.lane, checkpoint->version);
    }
  }
}

void LaneThread::save(const store::Lane& lane, std::uint64_t version) {
  auto written = write_lane_file(lane, version);
  const auto& record = lane.record();
  if (written) {
    to_master_(
        wire::CheckpointDone{.job = record.job,
                             .recovery = record.recovery,
                             .lane = record.lanes[lane.lane_index()].lane,
                             .version = version,
                             .file = written->file,
                             .sha256 = written->sha256,
                             .bytes = written->bytes});
  } else {
    to_master_(
        wire::JobFailed{.node = {},
                        .job = record.job,
                        .recovery = record.recovery,
                        .reason = "checkpoint: " + written.error().message,
                        .status = 74});
  }
}

}  // namespace psmith::node
