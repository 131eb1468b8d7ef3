#include "node/worker_core.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace psmith::node {
namespace {

using namespace std::chrono_literals;

// A linear model of one dense column (two tensors, one range each) on two
// lanes; 4 leaves a step, 3 steps.
wire::JobRecord record() {
  wire::JobRecord r;
  r.job = JobId(1);
  r.lanes = {{.lane = 1, .node = NodeId(1), .address = "a"},
             {.lane = 2, .node = NodeId(2), .address = "b"}};
  r.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = 1};
  r.spec.train.shards = {0};
  r.spec.train.shape = {.shard_rows = {12}, .block_rows = 1};
  r.spec.group_blocks = 4;
  return r;
}

struct Fixture {
  Instant now{};
  WorkerCore core{NodeId(5), record()};
  WorkerEffects effects;

  std::vector<ToLane> sent() {
    std::vector<ToLane> out;
    for (auto& effect : effects) {
      if (auto* lane = std::get_if<ToLane>(&effect)) {
        out.push_back(std::move(*lane));
      }
    }
    effects.clear();
    return out;
  }

  void lease(std::uint64_t step, std::uint32_t begin, std::uint32_t end) {
    wire::Leases leases;
    leases.job = JobId(1);
    leases.leaves = {{step, begin, end}};
    core.on(0, {leases, {}}, now, effects);
  }

  void answer(const ToLane& request) {
    const auto& push = std::get<wire::PushPull>(request.message.body);
    wire::PullOk ok;
    ok.job = JobId(1);
    ok.seq = push.seq;
    ok.version = push.pull_version;
    std::vector<Blob> blobs;
    for (const auto& range : core.placement().ranges(request.lane)) {
      blobs.push_back(Blob::of(std::vector<float>(range.size())));
    }
    core.on(request.lane, {ok, std::move(blobs)}, now, effects);
  }

  std::shared_ptr<const Work> work() {
    for (auto& effect : effects) {
      if (auto* c = std::get_if<ComputeWork>(&effect)) return c->work;
    }
    return nullptr;
  }

  void compute(const std::shared_ptr<const Work>& w) {
    std::vector<store::Sum> sums(w->nodes.size());
    for (auto& sum : sums) sum.dense = {{1}, {1}};
    effects.clear();
    core.computed(w->id, std::move(sums), now, effects);
  }
};

}  // namespace

TEST_CASE("an idle worker asks the lead for leaves", "[node]") {
  Fixture f;
  f.core.tick(f.now, f.effects);
  const auto sent = f.sent();
  REQUIRE(sent.size() == 1);
  REQUIRE(sent[0].lane == 0);
  REQUIRE(std::holds_alternative<wire::LeaseRequest>(sent[0].message.body));
  f.core.tick(f.now, f.effects);
  REQUIRE(f.sent().empty());
  f.core.tick(f.now + WorkerCore::kAskAfter, f.effects);
  REQUIRE(f.sent().size() == 1);
}

TEST_CASE("a lease starts when every lane has answered", "[node]") {
  Fixture f;
  f.lease(0, 0, 3);
  const auto pulls = f.sent();
  REQUIRE(pulls.size() == 2);
  f.answer(pulls[0]);
  REQUIRE(f.work() == nullptr);
  f.answer(pulls[1]);
  REQUIRE(f.work() != nullptr);
  REQUIRE(f.work()->nodes == std::vector<store::Node>{{0, 2}, {2, 3}});
}

TEST_CASE("the push of a lease carries the pull of the next", "[node]") {
  Fixture f;
  f.lease(0, 0, 2);
  const auto pulls = f.sent();
  f.lease(1, 0, 2);
  REQUIRE(f.sent().empty());
  for (const auto& pull : pulls) f.answer(pull);
  f.compute(f.work());
  for (const auto& request : f.sent()) {
    const auto& body = std::get<wire::PushPull>(request.message.body);
    REQUIRE(body.push.size() == 1);
    REQUIRE(body.pulls);
    REQUIRE(body.pull_version == 1);
  }
}

TEST_CASE("what is not answered is asked about, then sent again", "[node]") {
  Fixture f;
  f.lease(0, 0, 2);
  const auto pulls = f.sent();
  f.now += WorkerCore::kAskAfter;
  f.core.tick(f.now, f.effects);
  auto asks = f.sent();
  REQUIRE(asks.size() == 2);
  const auto& ask = std::get<wire::Ask>(asks[0].message.body);
  wire::Resend resend;
  resend.job = JobId(1);
  resend.seq = ask.seq;
  f.core.on(0, {resend, {}}, f.now, f.effects);
  const auto again = f.sent();
  REQUIRE(again.size() == 1);
  REQUIRE(std::get<wire::PushPull>(again[0].message.body).seq == ask.seq);
}

TEST_CASE("a lease of a version that is gone is dropped", "[node]") {
  Fixture f;
  f.lease(0, 0, 2);
  const auto pulls = f.sent();
  wire::PullOk ok;
  ok.job = JobId(1);
  ok.seq = std::get<wire::PushPull>(pulls[0].message.body).seq;
  ok.stale = true;
  f.core.on(0, {ok, {}}, f.now, f.effects);
  REQUIRE(f.core.idle());
  f.answer(pulls[1]);
  REQUIRE(f.work() == nullptr);
}

TEST_CASE("an answer of another recovery is not ours", "[node]") {
  Fixture f;
  f.lease(0, 0, 2);
  const auto pulls = f.sent();
  wire::PullOk ok;
  ok.job = JobId(1);
  ok.recovery = 1;
  ok.seq = std::get<wire::PushPull>(pulls[0].message.body).seq;
  f.core.on(0, {ok, {}}, f.now, f.effects);
  f.core.on(1, {ok, {}}, f.now, f.effects);
  REQUIRE(f.work() == nullptr);
  REQUIRE_FALSE(f.core.idle());
}

TEST_CASE("leases that make no sense are ignored", "[node]") {
  Fixture f;
  f.lease(0, 2, 2);
  f.lease(0, 0, 5);
  f.lease(99, 0, 2);
  REQUIRE(f.core.idle());
  f.lease(0, 0, 2);
  f.sent();
  f.lease(0, 0, 2);
  REQUIRE(f.sent().empty());
}

TEST_CASE("a refusal of the numbers stops the job here", "[node]") {
  Fixture f;
  f.lease(0, 0, 2);
  wire::Refused refused;
  refused.code = "stale_view";
  refused.job = JobId(1);
  f.core.on(0, {refused, {}}, f.now, f.effects);
  REQUIRE(f.core.stale());
}

TEST_CASE("a worker that only waits asks for its leases again", "[node]") {
  Fixture f;
  f.lease(1, 0, 2);  // that of step 0 was lost on the way
  f.sent();
  bool asked = false;
  for (int i = 0; i < 300; ++i) {
    f.now += WorkerCore::kTick;
    f.core.tick(f.now, f.effects);
    for (const auto& to : f.sent()) {
      asked =
          asked || std::holds_alternative<wire::LeaseRequest>(to.message.body);
    }
  }
  REQUIRE(asked);
}

TEST_CASE("of a lease that overlaps another only the rest is taken", "[node]") {
  Fixture f;
  f.lease(0, 1, 2);
  f.sent();
  f.lease(0, 0, 4);
  std::set<std::pair<std::uint32_t, std::uint32_t>> pulled;
  for (const auto& to : f.sent()) {
    for (const auto& part : std::get<wire::PushPull>(to.message.body).pull) {
      pulled.insert({part.leaves.begin, part.leaves.end});
    }
  }
  REQUIRE(pulled ==
          std::set<std::pair<std::uint32_t, std::uint32_t>>{{0, 1}, {2, 4}});
}

TEST_CASE("a lane that is silent for long makes a worker give up", "[node]") {
  Fixture f;
  f.lease(0, 0, 2);
  const auto pulls = f.sent();
  const auto gave_up = [&] {
    return std::any_of(f.effects.begin(), f.effects.end(), [](auto& e) {
      return std::holds_alternative<GiveUp>(e);
    });
  };
  const auto wait = [&](Duration time) {
    const auto end = f.now + time;
    while (f.now < end && !gave_up()) {
      f.effects.clear();
      f.now += 100ms;
      f.core.tick(f.now, f.effects);
      wire::Leases none;
      none.job = JobId(1);
      f.core.on(0, {none, {}}, f.now, f.effects);  // lane 0 is well
    }
  };
  wait(WorkerCore::kLaneSilence - 1s);
  REQUIRE_FALSE(gave_up());
  SECTION("not one that answers") {
    wire::Pending pending;
    pending.job = JobId(1);
    f.core.on(1, {pending, {}}, f.now, f.effects);
    wait(2s);
    REQUIRE_FALSE(gave_up());
  }
  SECTION("not for time in which the worker itself stood still") {
    f.now += 1000s;
    wait(500ms);
    REQUIRE_FALSE(gave_up());
  }
  SECTION("else it does, and says so from then on") {
    wait(2s);
    REQUIRE(gave_up());
    f.core.give_up();
    REQUIRE(f.core.idle());
    f.effects.clear();
    f.core.tick(f.now, f.effects);
    const auto sent = f.sent();
    REQUIRE(sent.size() == 1);
    REQUIRE(std::get<wire::LeaseRequest>(sent[0].message.body).leaving);
    f.lease(0, 0, 2);
    REQUIRE(f.core.idle());
  }
}

TEST_CASE("refused requests wait longer each time, and not for ever",
          "[node]") {
  Fixture f;
  f.lease(0, 0, 2);
  const auto pulls = f.sent();
  wire::Refused refused;
  refused.job = JobId(1);
  refused.seq = std::get<wire::PushPull>(pulls[0].message.body).seq;
  int resent = 0;
  bool gave_up = false;
  const auto refuse_for = [&](Duration time) {
    for (const auto end = f.now + time; f.now < end; f.now += 10ms) {
      f.core.tick(f.now, f.effects);
      for (const auto& effect : f.effects) {
        gave_up = gave_up || std::holds_alternative<GiveUp>(effect);
      }
      for (const auto& to : f.sent()) {
        const auto* again = std::get_if<wire::PushPull>(&to.message.body);
        if (again == nullptr || again->seq != refused.seq) continue;
        ++resent;
        f.core.on(0, {refused, {}}, f.now, f.effects);
      }
    }
  };
  SECTION("busy") {
    refused.code = "busy";
    f.core.on(0, {refused, {}}, f.now, f.effects);
    refuse_for(30s);
    REQUIRE(resent >= 10);
    REQUIRE(resent <= 25);
    REQUIRE_FALSE(gave_up);
  }
  SECTION("bad_message") {
    refused.code = "bad_message";
    f.core.on(0, {refused, {}}, f.now, f.effects);
    refuse_for(10s);
    REQUIRE(gave_up);
  }
}

}  // namespace psmith::node
