#include "node/worker_job.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/format.h"
#include "net/reactor.h"
#include "node/guard.h"

namespace psmith::node {

namespace {

// Of the key plans of a job of several epochs; one epoch meets each plan once.
constexpr std::size_t kPlanBytesMax = std::size_t{512} << 20;

}  // namespace

// Immutable but for the source's lazy shards and the plans, which guard
// themselves: read by pool tasks.
struct WorkerJob::Shared {
  std::unique_ptr<const model::Model> model;
  std::vector<float> classes;
  std::shared_ptr<ShardSource> source;
  placement::Placement placement;
  std::unique_ptr<Compute> compute;
  KeyPlanCache plans;

  Shared(const wire::JobSpec& spec, std::shared_ptr<ShardSource> data,
         placement::Placement of_lanes)
      : model(model::make_model(spec.model).value(78)),
        classes(spec.classes),
        source(std::move(data)),
        placement(std::move(of_lanes)),
        compute(std::make_unique<Compute>(*model, classes, *source)),
        plans(spec.epochs > 1 ? kPlanBytesMax : 0) {}

  std::shared_ptr<const KeyPlan> plan(const placement::Step& step,
                                      store::Node node) {
    const KeyPlanCache::Name name{step.eval, step.shard,
                                  step.block_begin + node.begin,
                                  step.block_begin + node.end};
    if (auto known = plans.find(name)) return known;
    auto made = compute->plan(step, node, placement);
    plans.keep(name, made);
    return made;
  }
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
  shared_ = std::make_shared<Shared>(spec, *source, core_.placement());
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
  submit(this, host_.pool, poster(), std::move(task));
}

void WorkerJob::submit(WorkerJob* job, Pool& pool, Poster post,
                       std::function<void()> task) {
  pool.submit([job, task = std::move(task), post = std::move(post)] {
    auto fault = failure_of(task);
    if (!fault) return;
    post([job, why = std::string(fault->what())] {
      job->failed({Code::exhausted, why});
    });
  });
}

// Runs fn on the reactor's thread if the job is still here then.
WorkerJob::Poster WorkerJob::poster() {
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
      work->plans.push_back(shared->plan(work->step, node));
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

// A lease on the pool. First its leaves: subtrees cut into pieces, at least one
// a thread. Then, where there are tables, their rows are joined, tiles of keys
// by any thread.
struct WorkerJob::Run {
  struct Piece {
    std::size_t index = 0;  // of the lease's node
    store::Node node;
    store::Sum sum;
  };
  // Tiles [begin, end) of one table of one node.
  struct Tiles {
    std::size_t index = 0, table = 0, begin = 0, end = 0;
  };

  Run(std::shared_ptr<const Work> of_work, const model::Model& model,
      std::size_t threads)
      : work(std::move(of_work)), leaves(*work, model.tables().size()) {
    for (std::size_t i = 0; i < work->nodes.size(); ++i) {
      pieces.push_back({i, work->nodes[i], {}});
    }
    cut(threads);
    left = pieces.size();
    if (work->step.eval) return;
    for (std::size_t i = 0; i < work->plans.size(); ++i) {
      const auto& plan = *work->plans[i];
      for (std::size_t t = 0; t < model.tables().size(); ++t) {
        const auto width = model.tables()[t].width;
        tables.push_back(
            {.width = width,
             .list = nullptr,
             .value = std::vector<float>(plan.key.size() * width)});
        divide({i, t, 0, tile_count(plan)}, threads);
      }
    }
  }

  void cut(std::size_t wanted) {
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

  void divide(Tiles all, std::size_t threads) {
    constexpr std::size_t kLeast = 4;  // tiles of a task
    const auto parts = std::clamp<std::size_t>(all.end / kLeast, 1, threads);
    for (std::size_t p = 0; p < parts; ++p) {
      tiles.push_back({all.index, all.table, all.end * p / parts,
                       all.end * (p + 1) / parts});
    }
  }

  // The pieces' sums joined along the tree, as one thread would have.
  store::Sum assemble(std::size_t& next, store::Node node) {
    if (pieces[next].node == node) return std::move(pieces[next++].sum);
    const auto middle = store::middle_of(node);
    auto sum = assemble(next, {node.begin, middle});
    store::join(sum, assemble(next, {middle, node.end}));
    return sum;
  }

  std::vector<store::Sum> sums() {
    std::vector<store::Sum> out;
    const auto per_node =
        tables.empty() ? 0 : tables.size() / work->nodes.size();
    std::size_t next = 0;
    for (std::size_t i = 0; i < work->nodes.size(); ++i) {
      out.push_back(assemble(next, work->nodes[i]));
      for (std::size_t t = 0; t < per_node; ++t) {
        out.back().table.push_back(std::move(tables[i * per_node + t]));
      }
    }
    return out;
  }

  const std::shared_ptr<const Work> work;
  std::vector<Piece> pieces;
  LeafGradients leaves;
  std::vector<store::TableSum> tables;  // by node, then table
  std::vector<Tiles> tiles;
  std::atomic<std::size_t> left{0};  // tasks of this stage
  std::mutex mutex;
  std::optional<Error> error;
};

void WorkerJob::compute(std::shared_ptr<const Work> work) {
  const auto run = std::make_shared<Run>(std::move(work), *shared_->model,
                                         host_.pool.thread_count());
  for (std::size_t p = 0; p < run->pieces.size(); ++p) {
    later([this, run, p, shared = shared_, post = poster(),
           &progress = host_.progress, &pool = host_.pool] {
      auto& piece = run->pieces[p];
      const auto& step = run->work->step;
      auto ready = shared->source->ready(step.eval, step.shard);
      if (ready && *ready) {
        post([this, run] { note_read(run->work->step.shard); });
      }
      auto sum = ready ? shared->compute->sum(*run->work, piece.index,
                                              piece.node, run->leaves)
                       : Result<store::Sum>(std::move(ready.error()));
      // As in prepare(); a sum that failed may have read what was not there.
      ready = shared->source->ready(step.eval, step.shard);
      if (!ready) sum = std::move(ready.error());
      if (sum) {
        piece.sum = std::move(*sum);
        progress += piece.node.size();
      } else {
        const std::lock_guard lock(run->mutex);
        run->error = std::move(sum.error());
      }
      if (run->left.fetch_sub(1) == 1) {
        join_tables(this, run, shared, post, pool);
      }
    });
  }
}

// After the last piece, on its thread: the second stage, or the end.
void WorkerJob::join_tables(WorkerJob* job, const std::shared_ptr<Run>& run,
                            const std::shared_ptr<Shared>& shared,
                            const Poster& post, Pool& pool) {
  const auto finish = [job, run] {
    if (run->error) return job->failed(*run->error);
    WorkerEffects effects;
    job->core_.computed(run->work->id, run->sums(), job->host_.reactor.now(),
                        effects);
    job->run(std::move(effects));
  };
  if (run->error || run->tiles.empty()) return post(finish);
  run->left = run->tiles.size();
  const auto task = [run, shared, post, finish](std::size_t i) {
    const auto& part = run->tiles[i];
    const auto tables = shared->model->tables().size();
    shared->compute->join(
        *run->work, part.index, part.table, run->leaves, part.begin, part.end,
        run->tables[part.index * tables + part.table].value.own());
    if (run->left.fetch_sub(1) == 1) post(finish);
  };
  for (std::size_t i = 1; i < run->tiles.size(); ++i) {
    submit(job, pool, post, [task, i] { task(i); });
  }
  task(0);
}

}  // namespace psmith::node
