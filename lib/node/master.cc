#include "node/master.h"

#include <optional>
#include <random>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "journal/journal.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "sched/coordinator.h"

namespace psmith::node {
namespace {

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

int journal_status(Code code) { return code == Code::corrupt ? 65 : 73; }

}  // namespace

struct Master::Impl {
  Impl(net::Context& context, MasterOptions options)
      : socket(reactor, context, [this](PeerId from, wire::Message message) {
          send(coordinator->on(turn(), from, message));
        }) {
    if (!options.state.empty()) open(options.state);
    auto bound = socket.bind(options.listen);
    const bool malformed = !bound && bound.error().code == Code::invalid;
    endpoint = std::move(bound).value(malformed ? 2 : 73);
    options.settings.listen = endpoint;
    options.settings.incarnation = random_number();
    coordinator.emplace(std::move(options.settings), turn(),
                        journal ? &saved : nullptr);
    saved_jobs = saved.jobs.size();
    saved_nodes = saved.nodes.size();
    saved = {};
    send(coordinator->tick(turn()));
  }

  void open(const std::string& folder) {
    auto opened = journal::Journal::open(folder);
    if (!opened) {
      throw Failure(journal_status(opened.error().code), opened.error());
    }
    journal = std::move(*opened);
    auto records = journal->replay();
    if (!records) {
      throw Failure(records.error().code == Code::corrupt ? 65 : 74,
                    records.error());
    }
    auto read = sched::read_records(*records);
    if (!read) {
      throw Failure(65, std::move(read.error()).at("the journal in " + folder));
    }
    saved = std::move(*read);
  }

  // False: the disk does not take it. The master ends without another word.
  bool commit() {
    if (!journal) return true;
    auto done = journal->append(coordinator->records());
    if (done) return true;
    failure.emplace(74, std::move(done.error()));
    reactor.stop();
    return false;
  }

  sched::Turn turn() const {
    return {.now = reactor.now(), .time_ms = unix_ms()};
  }

  // A message that the socket does not take is lost: whatever matters is
  // repeated by one side or the other.
  void send(const sched::Effects& effects) {
    if (failure || !commit()) return;
    for (const auto& each : effects) {
      (void)socket.send(each.to, each.message);
    }
    arm();
  }

  // One timer, not later than the earliest deadline: a tick too early is
  // harmless.
  void arm() {
    const auto next = coordinator->next_deadline();
    if (next >= armed) return;
    reactor.cancel(timer);
    armed = next;
    timer = reactor.at(next, [this] {
      armed = Instant::max();
      send(coordinator->tick(turn()));
    });
  }

  net::Reactor reactor;
  std::string endpoint;
  std::optional<journal::Journal> journal;
  sched::Saved saved;  // until the coordinator has it
  std::size_t saved_jobs = 0, saved_nodes = 0;
  std::optional<Failure> failure;
  std::optional<sched::Coordinator> coordinator;
  net::TimerId timer;
  Instant armed = Instant::max();
  net::RouterSocket socket;  // last made, first gone
};

Master::Master(net::Context& context, MasterOptions options)
    : impl_(std::make_unique<Impl>(context, std::move(options))) {}

Master::~Master() = default;

const std::string& Master::endpoint() const { return impl_->endpoint; }

std::size_t Master::saved_jobs() const { return impl_->saved_jobs; }
std::size_t Master::saved_nodes() const { return impl_->saved_nodes; }

void Master::run() {
  if (!impl_->failure) impl_->reactor.run();
  if (impl_->failure) throw Failure(*impl_->failure);
}

void Master::stop() { impl_->reactor.stop(); }

net::Reactor& Master::reactor() { return impl_->reactor; }

}  // namespace psmith::node
