#include "client/master_client.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <set>

#include "base/path.h"
#include "tests/client/scripted_peer.h"
#include "wire/version.h"

namespace psmith::client {
namespace {

using namespace std::chrono_literals;

std::vector<wire::Message> only(wire::Body body) {
  std::vector<wire::Message> out;
  out.push_back({std::move(body), {}});
  return out;
}

wire::Refused refused(std::string code, std::string text) {
  wire::Refused out;
  out.code = std::move(code);
  out.text = std::move(text);
  return out;
}

// JoinOk to a join, else what `then` says.
ScriptedPeer::Answer master_that(
    std::function<std::vector<wire::Message>(const wire::Body&)> then,
    std::uint64_t heartbeat_ms = 1000) {
  return [then, heartbeat_ms](wire::Message& message) {
    if (std::holds_alternative<wire::Join>(message.body)) {
      return only(wire::JoinOk{
          .node = {}, .heartbeat_ms = heartbeat_ms, .liveness = 4});
    }
    return then(message.body);
  };
}

wire::Event event(std::uint64_t seq, std::string kind) {
  wire::Event out;
  out.seq = seq;
  out.kind = std::move(kind);
  return out;
}

}  // namespace

TEST_CASE("a client tells the master its wire version", "[client]") {
  net::Context context;
  std::atomic<std::uint32_t> version{0};
  ScriptedPeer peer(context, [&](wire::Message& message) {
    const auto* join = std::get_if<wire::Join>(&message.body);
    if (join == nullptr || join->role != wire::Role::client) {
      return std::vector<wire::Message>();
    }
    version = join->wire_version;
    return only(wire::JoinOk{});
  });
  REQUIRE(MasterClient::connect(context, {.address = peer.address()}).ok());
  REQUIRE(version == wire::kWireVersion);
}

TEST_CASE("a master of another wire version is unavailable", "[client]") {
  net::Context context;
  ScriptedPeer peer(context, [](wire::Message&) {
    return only(refused("wire_version", "this master speaks wire version 9"));
  });
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE_FALSE(master.ok());
  REQUIRE(master.error().code == Code::conflict);
  REQUIRE(master.error().message.find("wire version 9") != std::string::npos);
  REQUIRE(status_of(master.error()) == 69);
}

TEST_CASE("a master that is not there is named", "[client]") {
  net::Context context;
  std::string gone;
  {
    ScriptedPeer peer(
        context, [](wire::Message&) { return std::vector<wire::Message>(); });
    gone = peer.address();
  }
  auto master = MasterClient::connect(
      context, {.address = gone, .connect_timeout = 300ms});
  REQUIRE_FALSE(master.ok());
  REQUIRE(status_of(master.error()) == 69);
  REQUIRE(master.error().message.find(gone) != std::string::npos);
}

TEST_CASE("a master that does not answer is unavailable", "[client]") {
  net::Context context;
  ScriptedPeer peer(
      context, [](wire::Message&) { return std::vector<wire::Message>(); });
  auto master = MasterClient::connect(
      context, {.address = peer.address(), .answer_timeout = 200ms});
  REQUIRE_FALSE(master.ok());
  REQUIRE(master.error().code == Code::unavailable);
}

TEST_CASE("a submission that got no answer is sent again with its token",
          "[client]") {
  net::Context context;
  std::vector<std::uint64_t> tokens;  // the peer's thread, then read
  {
    ScriptedPeer peer(context, master_that([&](const wire::Body& body) {
                        const auto* submit = std::get_if<wire::Submit>(&body);
                        if (submit == nullptr) {
                          return std::vector<wire::Message>();
                        }
                        tokens.push_back(submit->token);
                        if (tokens.size() == 1) {
                          return std::vector<wire::Message>();
                        }
                        return only(wire::SubmitOk{JobId(7)});
                      }));
    auto master = MasterClient::connect(
        context, {.address = peer.address(), .answer_timeout = 1500ms});
    REQUIRE(master.ok());
    auto job = master->submit({});
    REQUIRE(job.ok());
    REQUIRE(*job == JobId(7));
  }
  REQUIRE(tokens.size() >= 2);  // more where an answer came late
  REQUIRE(std::set(tokens.begin(), tokens.end()).size() == 1);
  REQUIRE(tokens[0] != 0);
}

TEST_CASE("what does not exist is not found", "[client]") {
  net::Context context;
  ScriptedPeer peer(context, master_that([](const wire::Body&) {
                      return only(refused("not_found", "no job 9"));
                    }));
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE(master.ok());
  auto cancelled = master->cancel(JobId(9));
  REQUIRE_FALSE(cancelled.ok());
  REQUIRE(cancelled.error().code == Code::not_found);
  REQUIRE(cancelled.error().message == "no job 9");
  REQUIRE(status_of(cancelled.error()) == 66);
}

TEST_CASE("of several jobs of a name the live one is given", "[client]") {
  net::Context context;
  ScriptedPeer peer(context, master_that([](const wire::Body&) {
                      wire::JobsOk ok;
                      ok.jobs.resize(2);
                      ok.jobs[0].job = JobId(3);
                      ok.jobs[1].job = JobId(2);
                      ok.jobs[1].live = true;
                      return only(ok);
                    }));
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE(master.ok());
  auto info = master->job("ctr", MasterClient::Which::live);
  REQUIRE(info.ok());
  REQUIRE(info->job == JobId(2));
}

TEST_CASE("of several jobs of a name the one that is not over is given",
          "[client]") {
  net::Context context;
  ScriptedPeer peer(context, master_that([](const wire::Body&) {
                      wire::JobsOk ok;
                      ok.jobs.resize(3);
                      ok.jobs[0].job = JobId(4);
                      ok.jobs[0].state = wire::JobState::cancelled;
                      ok.jobs[1].job = JobId(3);
                      ok.jobs[1].state = wire::JobState::running;
                      ok.jobs[2].job = JobId(2);
                      ok.jobs[2].state = wire::JobState::done;
                      ok.jobs[2].live = true;
                      return only(ok);
                    }));
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE(master.ok());
  REQUIRE(master->job("ctr", MasterClient::Which::active)->job == JobId(3));
}

TEST_CASE("no number and no name are no job", "[client]") {
  net::Context context;
  ScriptedPeer peer(context, master_that([](const wire::Body&) {
                      wire::JobsOk ok;  // to 0 or "": all jobs
                      ok.jobs.resize(1);
                      ok.jobs[0].job = JobId(1);
                      return only(ok);
                    }));
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE(master.ok());
  const auto zero = master->job(JobId());
  REQUIRE_FALSE(zero.ok());
  const auto nameless = master->job("", MasterClient::Which::active);
  REQUIRE_FALSE(nameless.ok());
}

TEST_CASE("a master that was restarted is noticed by whoever goes by a number",
          "[client]") {
  net::Context context;
  std::atomic<std::uint64_t> life{1};
  std::atomic<int> cancels{0};
  ScriptedPeer peer(context, [&](wire::Message& message) {
    if (std::holds_alternative<wire::Join>(message.body)) {
      wire::JoinOk ok;
      ok.incarnation = life;
      return only(ok);
    }
    if (std::holds_alternative<wire::Submit>(message.body)) {
      return only(wire::SubmitOk{.job = JobId(1), .incarnation = life});
    }
    if (std::holds_alternative<wire::Cancel>(message.body)) ++cancels;
    if (std::holds_alternative<wire::Jobs>(message.body)) {
      wire::JobsOk ok;
      ok.jobs.resize(1);
      ok.jobs[0].job = JobId(1);
      ok.incarnation = life;
      return only(ok);
    }
    wire::EventsOk ok;
    ok.incarnation = life;
    return only(ok);
  });
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE(master.ok());
  REQUIRE(master->submit({}).ok());
  REQUIRE(master->follow(0, JobId(1)).ok());
  REQUIRE(master->next_events(50ms).ok());
  REQUIRE(master->job(JobId(1)).ok());

  life = 2;
  const auto is_lost = [&](const Error& error) {
    return status_of(error) == 69 &&
           error.message.ends_with("was restarted; job 1 is lost");
  };
  auto events = master->next_events(10s);
  REQUIRE_FALSE(events.ok());
  REQUIRE(is_lost(events.error()));
  auto info = master->job(JobId(1));
  REQUIRE_FALSE(info.ok());
  REQUIRE(is_lost(info.error()));
  REQUIRE_FALSE(master->cancel(JobId(1)).ok());
  REQUIRE(cancels == 0);  // it would be somebody else's job
}

TEST_CASE("a submission counts for the master that took it", "[client]") {
  net::Context context;
  ScriptedPeer peer(context, [&](wire::Message& message) {
    if (std::holds_alternative<wire::Join>(message.body)) {
      wire::JoinOk ok;
      ok.incarnation = 1;
      return only(ok);
    }
    if (std::holds_alternative<wire::Submit>(message.body)) {
      return only(wire::SubmitOk{.job = JobId(1), .incarnation = 2});
    }
    wire::JobsOk ok;
    ok.jobs.resize(1);
    ok.incarnation = 2;
    return only(ok);
  });
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE(master.ok());
  REQUIRE(master->submit({}).ok());
  REQUIRE(master->job(JobId(1)).ok());
}

TEST_CASE("a follower gets each event once, whatever is repeated", "[client]") {
  net::Context context;
  ScriptedPeer peer(
      context, master_that([](const wire::Body& body) {
        std::vector<wire::Message> out;
        const auto* watch = std::get_if<wire::Watch>(&body);
        if (watch == nullptr || watch->after_seq >= 4) return out;
        for (int repeat = 0; repeat < 2; ++repeat) {
          wire::EventsOk ok;
          ok.events = {event(3, "job_started"), event(4, "job_done")};
          out.push_back({std::move(ok), {}});
        }
        return out;
      }));
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE(master.ok());
  REQUIRE(master->follow(0, JobId(1)).ok());
  auto first = master->next_events(5s);
  REQUIRE(first.ok());
  REQUIRE(first->size() == 2);
  REQUIRE(first->back().kind == "job_done");
  auto second = master->next_events(200ms);
  REQUIRE(second.ok());
  REQUIRE(second->empty());
}

TEST_CASE("a follower takes a silent master for lost", "[client]") {
  net::Context context;
  ScriptedPeer peer(context, master_that(
                                 [](const wire::Body&) {
                                   return std::vector<wire::Message>();
                                 },
                                 /*heartbeat_ms=*/50));
  auto master = MasterClient::connect(context, {.address = peer.address()});
  REQUIRE(master.ok());
  REQUIRE(master->follow(0, JobId(1)).ok());
  auto events = master->next_events(10s);
  REQUIRE_FALSE(events.ok());
  REQUIRE(events.error().code == Code::unavailable);
  REQUIRE(events.error().message.starts_with("lost master"));
  REQUIRE(status_of(events.error()) == 69);
}

TEST_CASE("time in which a follower does not listen is no silence",
          "[client]") {
  net::Context context;
  ScriptedPeer peer(context,
                    master_that(
                        [](const wire::Body& body) {
                          if (std::holds_alternative<wire::Watch>(body)) {
                            return only(wire::EventsOk{});
                          }
                          return std::vector<wire::Message>();
                        },
                        /*heartbeat_ms=*/50));
  auto master = MasterClient::connect(
      context, {.address = peer.address(), .answer_timeout = 500ms});
  REQUIRE(master.ok());
  REQUIRE(master->follow(0, JobId(1)).ok());
  REQUIRE_FALSE(master->nodes().ok());  // longer than four heartbeats
  REQUIRE(master->next_events(300ms).ok());
}

TEST_CASE("a signal ends the wait", "[client]") {
  net::Context context;
  const Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));  // outlives the peer
  ScriptedPeer peer(context, master_that([&](const wire::Body&) {
                      const std::uint64_t one = 1;
                      (void)!::write(wake.get(), &one, sizeof one);
                      return std::vector<wire::Message>();
                    }));
  auto master = MasterClient::connect(
      context, {.address = peer.address(), .wake_fd = wake.get()});
  REQUIRE(master.ok());
  REQUIRE(master->follow(0, JobId(1)).ok());
  auto events = master->next_events(60s);
  REQUIRE_FALSE(events.ok());
  REQUIRE(events.error().code == Code::timed_out);
}

}  // namespace psmith::client
