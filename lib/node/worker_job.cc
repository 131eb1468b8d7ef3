#include "node/worker_job.h"

#include <algorithm>

#include "base/format.h"
#include "net/reactor.h"
#include "node/guard.h"

namespace psmith::node {

// Immutable but for the source's lazy shards: read by pool tasks.
struct WorkerJob::Shared {
  std::unique_ptr<const model::Model> model;
  std::vector<float> classes;
  std::shared_ptr<ShardSource> source;
  placement::Placement placement;
  std::unique_ptr<Compute> compute;
};

namespace {

int status_of(const Error& error) {
  if (error.code == Code::not_found) return 66;
  if (error.code == Code::unavailable) return 69;
  return error.code == Code::corrupt ? 65 : 1;
}

}  // namespace

WorkerJob::WorkerJob(Host host, NodeId self, wire::JobRecord record)
    : host_(std::move(host)), core_(self, std::move(record)) {
  const auto& spec = core_.record().spec;
  auto source = ShardSource::open(spec);
  if (!source) throw Failure(status_of(source.error()), source.error());
  shared_ = std::make_shared<Shared>(
      Shared{.model = model::make_model(spec.model).value(78),
             .classes = spec.classes,
             .source = *source,
             .placement = core_.placement(),
             .compute = nullptr});
  shared_->compute = std::make_unique<Compute>(
      *shared_->model, shared_->classes, *shared_->source);
  for (std::size_t i = 0; i < core_.record().lanes.size(); ++i) {
    lanes_.push_back(std::make_unique<net::DealerSocket>(
        host_.reactor, host_.context, core_.record().lanes[i].address,
        [this, i](wire::Message message) {
          guarded([&] {
            WorkerEffects effects;
            core_.on(i, std::move(message), host_.reactor.now(), effects);
            run(std::move(effects));
          });
        }));
  }
}

WorkerJob::~WorkerJob() { *alive_ = false; }

void WorkerJob::start() { tick(); }

// What this job throws on the reactor's thread (it lacks memory, say) ends the
// job here, and nothing else.
void WorkerJob::guarded(const std::function<void()>& fn) {
  if (auto why = failure_of(fn)) failed({Code::exhausted, why->what()});
}

void WorkerJob::tick() {
  guarded([this] {
    WorkerEffects effects;
    core_.tick(host_.reactor.now(), effects);
    run(std::move(effects));
  });
  host_.reactor.after(WorkerCore::kTick, [this, alive = alive_] {
    if (*alive) tick();
  });
}

void WorkerJob::failed(const Error& error) {
  if (failed_) return;
  failed_ = true;
  core_.give_up();
  host_.to_master(
      wire::JobFailed{.node = {},
                      .job = record().job,
                      .recovery = record().recovery,
                      .reason = error.message,
                      .status = static_cast<std::uint32_t>(status_of(error))});
}

void WorkerJob::note_read(std::uint32_t shard) {
  host_.to_master(
      wire::Note{.node = {},
                 .job = record().job,
                 .kind = "worker_read",
                 .text = format("opened shard {} of its data", shard)});
}

// A job has a bounded number of leases, so this queue is bounded too. What a
// task throws ends the job here, and nothing else.
void WorkerJob::later(std::function<void()> task) {
  host_.pool.submit([this, task = std::move(task), post = poster()] {
    auto fault = failure_of(task);
    if (!fault) return;
    post([this, why = std::string(fault->what())] {
      failed({Code::exhausted, why});
    });
  });
}

// Runs fn on the reactor's thread if the job is still here then.
std::function<void(std::function<void()>)> WorkerJob::poster() {
  return [this, &reactor = host_.reactor,
          alive = alive_](std::function<void()> fn) {
    reactor.post([this, alive, fn = std::move(fn)] {
      if (*alive) guarded(fn);
    });
  };
}

void WorkerJob::run(WorkerEffects effects) {
  for (auto& effect : effects) {
    if (auto* lane = std::get_if<ToLane>(&effect)) {
      // no_room: asked again.
      const auto sent = lanes_[lane->lane]->send(lane->message);
      if (sent == net::SendResult::too_large) {
        failed({Code::exhausted, "a push is over the limit of one message"});
      }
    } else if (auto* note = std::get_if<NoteMaster>(&effect)) {
      host_.to_master(std::move(note->note));
    } else if (auto* unprepared = std::get_if<PrepareWork>(&effect)) {
      prepare(std::move(unprepared->work));
    } else if (auto* ready = std::get_if<ComputeWork>(&effect)) {
      compute(std::move(ready->work));
    } else if (auto* why = std::get_if<GiveUp>(&effect)) {
      failed(why->error);
    }
  }
}

void WorkerJob::prepare(std::shared_ptr<Work> work) {
  later([this, shared = shared_, work, post = poster()] {
    auto ready = shared->source->ready(work->step.eval, work->step.shard);
    if (!ready) {
      return post([this, e = std::move(ready.error())] { failed(e); });
    }
    if (*ready) post([this, work] { note_read(work->step.shard); });
    for (const auto& node : work->nodes) {
      for (std::size_t t = 0; t < shared->model->tables().size(); ++t) {
        work->lists.push_back(split_list(
            shared->placement, t, shared->compute->keys(work->step, node)));
      }
    }
    // Of what was read: is it still what the shard holds?
    ready = shared->source->ready(work->step.eval, work->step.shard);
    if (!ready) {
      return post([this, e = std::move(ready.error())] { failed(e); });
    }
    post([this, work] {
      WorkerEffects effects;
      core_.prepared(work->id, host_.reactor.now(), effects);
      run(std::move(effects));
    });
  });
}

// A lease on the pool: its subtrees cut into pieces, at least one a thread.
struct WorkerJob::Piece {
  std::size_t index = 0;  // of the lease's node
  store::Node node;
  std::optional<store::Sum> sum;
};

namespace {

struct Pieces {
  std::atomic<std::size_t> left{0};
  std::mutex mutex;
  std::optional<Error> error;
};

// The pieces' sums joined along the tree, as one thread would have.
template <class Piece>
store::Sum assemble(std::vector<Piece>& pieces, std::size_t& next,
                    store::Node node) {
  if (pieces[next].node == node) return std::move(*pieces[next++].sum);
  const auto middle = store::middle_of(node);
  auto left = assemble(pieces, next, {node.begin, middle});
  store::join(left, assemble(pieces, next, {middle, node.end}));
  return left;
}

template <class Piece>
void cut(std::vector<Piece>& pieces, std::size_t wanted) {
  while (pieces.size() < wanted) {
    const auto largest = std::max_element(
        pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
          return a.node.size() < b.node.size();
        });
    if (largest->node.size() < 2) return;
    const auto at = largest->node;
    const auto middle = store::middle_of(at);
    largest->node = {at.begin, middle};
    pieces.insert(std::next(largest),
                  Piece{largest->index, {middle, at.end}, {}});
  }
}

}  // namespace

void WorkerJob::compute(std::shared_ptr<const Work> work) {
  auto pieces = std::make_shared<std::vector<Piece>>();
  for (std::size_t i = 0; i < work->nodes.size(); ++i) {
    pieces->push_back({i, work->nodes[i], {}});
  }
  cut(*pieces, host_.pool.thread_count());
  auto state = std::make_shared<Pieces>();
  state->left = pieces->size();
  const auto finish = [this, work, pieces, state] {
    if (state->error) return failed(*state->error);
    std::vector<store::Sum> sums;
    std::size_t next = 0;
    for (const auto& node : work->nodes) {
      sums.push_back(assemble(*pieces, next, node));
    }
    WorkerEffects effects;
    core_.computed(work->id, std::move(sums), host_.reactor.now(), effects);
    run(std::move(effects));
  };
  for (std::size_t p = 0; p < pieces->size(); ++p) {
    later([this, shared = shared_, work, pieces, state, p, finish,
           post = poster(), &progress = host_.progress] {
      auto& piece = (*pieces)[p];
      auto ready = shared->source->ready(work->step.eval, work->step.shard);
      if (ready && *ready) {
        post([this, work] { note_read(work->step.shard); });
      }
      auto sum = ready ? shared->compute->sum(*work, piece.index, piece.node)
                       : Result<store::Sum>(std::move(ready.error()));
      if (sum) {  // as in prepare()
        ready = shared->source->ready(work->step.eval, work->step.shard);
        if (!ready) sum = std::move(ready.error());
      }
      if (sum) {
        piece.sum = std::move(*sum);
        progress += piece.node.size();
      } else {
        const std::lock_guard lock(state->mutex);
        state->error = std::move(sum.error());
      }
      if (state->left.fetch_sub(1) == 1) post(finish);
    });
  }
}

}  // namespace psmith::node
