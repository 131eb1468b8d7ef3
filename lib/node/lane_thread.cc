#include "node/lane_thread.h"

#include "base/format.h"
#include "node/guard.h"
#include "node/lane_file.h"
#include "wire/limits.h"

namespace psmith::node {
namespace {

template <class T, class... Of>
inline constexpr bool kOneOf = (std::is_same_v<T, Of> || ...);

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

constexpr auto kNoMemory =
    "a server has too little memory: start more servers, or on machines with "
    "more";

wire::Message refusal(std::string code, std::string text, const Asked& asked) {
  return {wire::Refused{.code = std::move(code),
                        .text = std::move(text),
                        .seq = asked.seq,
                        .job = asked.job,
                        .retry_ms = 50},
          {}};
}

bool is_for_lanes(const wire::Body& body) {
  return std::visit(
      []<class T>(const T&) {
        return kOneOf<T, wire::PushPull, wire::LeaseRequest, wire::Ask,
                      wire::Missing, wire::Fetch, wire::Put>;
      },
      body);
}

// The thread that writes: the file, and what the master hears of it.
wire::Body written(wire::CheckpointDone done, const LaneCopy& copy) {
  std::string why;
  const auto fault = failure_of([&] {
    auto file = write_lane_file(copy);
    if (!file) {
      why = file.error().message;
      return;
    }
    done.file = file->file;
    done.sha256 = file->sha256;
    done.bytes = file->bytes;
  });
  if (fault) why = fault->what();
  if (why.empty()) return done;
  return wire::JobFailed{.node = {},
                         .job = done.job,
                         .recovery = done.recovery,
                         .reason = "checkpoint: " + why,
                         .status = 74};
}

}  // namespace

LaneThread::LaneThread(net::Context& context, const std::string& listen,
                       store::Lane::Limits limits, ToMaster to_master,
                       OnFault on_fault)
    : context_(context),
      limits_(limits),
      to_master_(std::move(to_master)),
      on_fault_(std::move(on_fault)) {
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
    const auto why = failure_of([this] { reactor_.run(); });
    if (why) on_fault_(*why);
  });
}

void LaneThread::start_job(wire::JobRecord record, std::size_t index,
                           std::function<void(Status)> done) {
  reactor_.post([this, record = std::move(record), index,
                 done = std::move(done)]() mutable {
    done(begin(std::move(record), index));
  });
}

// The record comes from others: its lead's address may be no address at all.
Status LaneThread::begin(wire::JobRecord record, std::size_t index) {
  const auto id = record.job;
  const auto found = jobs_.find(id);
  if (found != jobs_.end() &&
      found->second.lane->record().recovery >= record.recovery) {
    return Done{};
  }
  try {
    Job job;
    const std::string lead = record.lanes[0].address;
    const auto checkpoint = record.checkpoint;
    job.lane = std::make_unique<store::Lane>(std::move(record), index,
                                             reactor_.now(), limits_);
    if (checkpoint.version != 0) PSM_DO(restore(*job.lane, checkpoint));
    if (index != 0) {
      job.lead = std::make_unique<net::DealerSocket>(reactor_, context_, lead,
                                                     [](wire::Message) {});
    }
    jobs_[id] = std::move(job);
  } catch (const std::bad_alloc&) {
    return Error{Code::exhausted, kNoMemory};
  } catch (const std::exception& fault) {
    return Error{Code::invalid, fault.what()};
  }
  if (knows_workers_) {
    step(jobs_.at(id), [this](store::Lane& lane, auto& effects) {
      lane.on_workers(workers_, reactor_.now(), effects);
    });
    sweep();
  }
  return Done{};
}

// The lane's thread waits for the disk: nothing else of this job is here to do.
Status LaneThread::restore(store::Lane& lane,
                           const wire::Checkpoint& checkpoint) {
  const auto& spec = lane.record().spec;
  const auto model = model::make_model(spec.model).value(78);
  std::vector<store::LaneState> pieces;
  for (const auto& file : checkpoint.files) {
    PSM_TRY(auto piece, read_lane_file(spec.checkpoint_folder, file, *model));
    pieces.push_back(std::move(piece));
  }
  return lane.restore(pieces, reactor_.now());
}

void LaneThread::end_job(wire::EndJob end) {
  reactor_.post([this, end] {
    const auto found = jobs_.find(end.job);
    if (found == jobs_.end()) return;
    if (end.keep) {
      found->second.lane->settle();
    } else {
      jobs_.erase(found);
    }
  });
}

void LaneThread::set_workers(std::set<NodeId> workers) {
  reactor_.post([this, workers = std::move(workers)]() mutable {
    workers_ = std::move(workers);
    knows_workers_ = true;
    for (auto& [id, job] : jobs_) {
      step(job, [this](store::Lane& lane, auto& effects) {
        lane.on_workers(workers_, reactor_.now(), effects);
      });
    }
    sweep();
  });
}

void LaneThread::clear() {
  reactor_.post([this] { jobs_.clear(); });
}

// One event for a job's lane, and what the lane then wants done.
template <class Fn>
void LaneThread::step(Job& job, Fn fn) {
  try {
    store::LaneEffects effects;
    fn(*job.lane, effects);
    run(job, std::move(effects));
  } catch (const std::bad_alloc&) {
    fail(job, kNoMemory);
  } catch (const std::exception& fault) {
    fail(job, fault.what());
  }
}

void LaneThread::fail(Job& job, std::string reason) {
  const auto& record = job.lane->record();
  if (!job.failed) {
    to_master_(wire::JobFailed{.node = {},
                               .job = record.job,
                               .recovery = record.recovery,
                               .reason = std::move(reason),
                               .status = 1});
  }
  job.failed = true;
}

void LaneThread::sweep() {
  std::erase_if(jobs_, [](const auto& item) { return item.second.failed; });
}

void LaneThread::tick() {
  for (auto& [id, job] : jobs_) {
    step(job, [this](store::Lane& lane, auto& effects) {
      lane.tick(reactor_.now(), effects);
    });
  }
  sweep();
}

void LaneThread::on_frame(PeerId from, wire::Message message) {
  if (std::holds_alternative<wire::Refused>(message.body)) return;
  const auto asked = asked_of(message.body);
  if (!is_for_lanes(message.body)) {
    socket_->send(from, refusal("bad_message", "this is a lane", asked));
    return;
  }
  const auto found = jobs_.find(asked.job);
  if (found == jobs_.end()) {
    socket_->send(from,
                  refusal("unknown_job",
                          format("no job {} here", asked.job.value()), asked));
    return;
  }
  step(found->second, [&](store::Lane& lane, auto& effects) {
    lane.on(from, std::move(message), reactor_.now(), effects);
  });
  sweep();
}

void LaneThread::run(Job& job, store::LaneEffects effects) {
  for (auto& effect : effects) {
    if (auto* peer = std::get_if<store::ToPeer>(&effect)) {
      answer(job, *peer);
    } else if (auto* lead = std::get_if<store::ToLead>(&effect)) {
      if (job.lead) job.lead->send(lead->message);  // not taken: said again
    } else if (auto* master = std::get_if<store::ToMaster>(&effect)) {
      report(std::move(master->message.body));
    } else {
      save(*job.lane);
    }
  }
}

// Not taken for want of room: the peer is gone, or asks again. An answer that
// is too large would be asked for without end.
void LaneThread::answer(Job& job, const store::ToPeer& to) {
  const auto sent = socket_->send(to.peer, to.message);
  if (sent != net::SendResult::too_large) return;
  if (std::holds_alternative<wire::FetchOk>(to.message.body)) {
    socket_->send(to.peer, refusal("bad_message",
                                   "too much at once: fetch fewer ranges or "
                                   "buckets",
                                   asked_of(to.message.body)));
    return;
  }
  const auto& lane = *job.lane;
  fail(job, format("what lane {} sends a worker is over the {} bytes of one "
                   "message: start more servers, or more lanes (psserver "
                   "--threads)",
                   lane.record().lanes[lane.lane_index()].lane,
                   wire::kMessageBytesMax));
}

void LaneThread::report(wire::Body body) {
  // A job has not ended before its checkpoints are written.
  if (std::holds_alternative<wire::LaneDone>(body)) finish_writing();
  to_master_(std::move(body));
}

void LaneThread::finish_writing() {
  if (writing_.joinable()) writing_.join();
}

void LaneThread::save(const store::Lane& lane) {
  finish_writing();  // first: two copies at once might fill the memory
  const auto& record = lane.record();
  const wire::CheckpointDone done{.job = record.job,
                                  .recovery = record.recovery,
                                  .lane = record.lanes[lane.lane_index()].lane,
                                  .version = lane.version(),
                                  .file = {},
                                  .sha256 = {}};
  writing_ = std::jthread([this, done, copy = copy_lane(lane)] {
    to_master_(written(done, copy));
  });
}

}  // namespace psmith::node
