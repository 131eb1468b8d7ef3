#include "store/lane.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace psmith::store {
namespace {

using namespace std::chrono_literals;

// A linear model of two dense columns on one lane; steps of two leaves.
wire::JobRecord record(std::uint64_t steps) {
  wire::JobRecord r;
  r.job = JobId(1);
  r.placement = 3;
  r.lanes = {{.lane = 1, .node = NodeId(9), .address = ""}};
  r.workers = {NodeId(5)};
  r.spec.model = {
      .kind = model::Kind::linear, .dense = true, .column_count = 2};
  r.spec.optimizer = {.rule = optim::Rule::sgd, .rate = 0.5};
  r.spec.train.shape = {.shard_rows = {2 * steps}, .block_rows = 1};
  r.spec.group_blocks = 2;
  return r;
}

struct LaneFixture {
  Instant now{};
  Lane lane;
  std::uint64_t seq = 0;

  explicit LaneFixture(std::uint64_t steps = 3)
      : lane(record(steps), 0, now, Lane::Limits{}) {}

  std::vector<wire::Message> send(wire::Message message) {
    LaneEffects effects;
    lane.on(PeerId(5), std::move(message), now, effects);
    std::vector<wire::Message> out;
    for (auto& effect : effects) {
      if (auto* peer = std::get_if<ToPeer>(&effect)) {
        out.push_back(std::move(peer->message));
      }
    }
    return out;
  }

  wire::PushPull request() {
    wire::PushPull r;
    r.job = JobId(1);
    r.placement = 3;
    r.worker = NodeId(5);
    r.seq = ++seq;
    return r;
  }

  // The gradient (1, 1) of the weights and 1 of the bias on these leaves.
  wire::Message push(std::uint64_t step, std::uint32_t begin,
                     std::uint32_t end) {
    auto r = request();
    wire::PushPart part;
    part.leaves = {step, begin, end};
    part.sums = {2, 1, 2, 0, 0};
    r.push.push_back(part);
    const float g = static_cast<float>(end - begin);
    return {
        r,
        {Blob::of(std::vector<float>{g, g}), Blob::of(std::vector<float>{g})}};
  }

  wire::Message pull(std::uint64_t version) {
    auto r = request();
    r.pulls = true;
    r.pull_version = version;
    return {r, {}};
  }
};

template <class T>
const T* first(const std::vector<wire::Message>& messages) {
  for (const auto& m : messages) {
    if (const auto* body = std::get_if<T>(&m.body)) return body;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a lane applies when the root is complete and answers who waits",
          "[store]") {
  LaneFixture f;
  REQUIRE(first<wire::PullOk>(f.send(f.pull(0)))->version == 0);
  REQUIRE(first<wire::PullOk>(f.send(f.pull(1))) == nullptr);
  REQUIRE(first<wire::PushOk>(f.send(f.push(0, 0, 1))) != nullptr);
  REQUIRE(f.lane.version() == 0);
  const auto answers = f.send(f.push(0, 1, 2));
  REQUIRE(f.lane.version() == 1);
  const auto* ok = first<wire::PullOk>(answers);
  REQUIRE(ok != nullptr);
  REQUIRE(ok->version == 1);
}

TEST_CASE("a repeated push changes nothing", "[store]") {
  LaneFixture f;
  f.send(f.push(0, 0, 1));
  f.send(f.push(0, 0, 1));
  REQUIRE(f.lane.version() == 0);
  f.send(f.push(0, 0, 2));
  REQUIRE(f.lane.version() == 1);
  f.send(f.push(0, 0, 2));
  REQUIRE(f.lane.version() == 1);
  // mean gradient: 2 / weight 4 (sums of the one push that counts: 2)
  const auto w = f.lane.weights().dense(0, 1).values<float>();
  REQUIRE(w == std::vector<float>{-0.5F, -0.5F});
}

TEST_CASE("the version before is served until a push proves it is not needed",
          "[store]") {
  LaneFixture f;
  f.send(f.push(0, 0, 2));
  REQUIRE(first<wire::PullOk>(f.send(f.pull(0)))->version == 0);
  f.send(f.push(1, 0, 1));
  REQUIRE(first<wire::PullOk>(f.send(f.pull(0)))->stale);
}

TEST_CASE("messages of another recovery or placement are refused", "[store]") {
  LaneFixture f;
  auto push = f.push(0, 0, 2);
  SECTION("recovery") { std::get<wire::PushPull>(push.body).recovery = 1; }
  SECTION("placement") { std::get<wire::PushPull>(push.body).placement = 2; }
  const auto answers = f.send(push);
  REQUIRE(first<wire::Refused>(answers)->code == "stale_view");
  REQUIRE(f.lane.version() == 0);
}

TEST_CASE("what does not fit is refused whole", "[store]") {
  LaneFixture f;
  auto push = f.push(0, 0, 2);
  auto& body = std::get<wire::PushPull>(push.body);
  SECTION("a blob is missing") { push.blobs.pop_back(); }
  SECTION("a blob too many") { push.blobs.push_back({}); }
  SECTION("a blob of another size") {
    push.blobs[0] = Blob::of(std::vector<float>{1});
  }
  SECTION("no subtree") { body.push[0].leaves.end = 3; }
  SECTION("a step ahead") { body.push[0].leaves.step = 1; }
  SECTION("a step past the end") { body.push[0].leaves.step = 99; }
  SECTION("other metric sums") { body.push[0].sums.pop_back(); }
  SECTION("a key list of no table") { body.push[0].lists.emplace_back(); }
  const auto answers = f.send(push);
  REQUIRE(first<wire::Refused>(answers)->code == "bad_message");
  REQUIRE(f.lane.version() == 0);
}

TEST_CASE("a lane that ended says so and gives its weights", "[store]") {
  LaneFixture f(1);
  wire::Fetch fetch;
  fetch.job = JobId(1);
  fetch.placement = 3;
  fetch.dense = true;
  fetch.range_end = 2;
  REQUIRE(first<wire::Refused>(f.send({fetch, {}}))->code == "busy");
  f.send(f.push(0, 0, 2));
  REQUIRE(f.lane.ended());
  REQUIRE(first<wire::PullOk>(f.send(f.pull(1)))->ended);
  const auto answers = f.send({fetch, {}});
  REQUIRE(first<wire::FetchOk>(answers) != nullptr);
  REQUIRE(answers[0].blobs.size() == 2);
  fetch.range_end = 3;
  REQUIRE(first<wire::Refused>(f.send({fetch, {}}))->code == "bad_message");
}

TEST_CASE("asking about a pull that waits gives pending, else resend",
          "[store]") {
  LaneFixture f;
  f.send(f.pull(1));
  wire::Ask ask{.job = JobId(1),
                .recovery = 0,
                .placement = 3,
                .worker = NodeId(5),
                .seq = f.seq};
  REQUIRE(first<wire::Pending>(f.send({ask, {}})) != nullptr);
  ask.seq = 99;
  REQUIRE(first<wire::Resend>(f.send({ask, {}})) != nullptr);
}

TEST_CASE("a loss that is not finite fails the job and names the step",
          "[store]") {
  LaneFixture f;
  auto push = f.push(0, 0, 2);
  std::get<wire::PushPull>(push.body).push[0].sums[1] =
      std::numeric_limits<double>::quiet_NaN();
  LaneEffects effects;
  f.lane.on(PeerId(5), std::move(push), f.now, effects);
  bool failed = false;
  for (const auto& effect : effects) {
    const auto* master = std::get_if<ToMaster>(&effect);
    if (master == nullptr) continue;
    const auto* body = std::get_if<wire::JobFailed>(&master->message.body);
    if (body != nullptr) {
      failed = body->reason.find("step 0") != std::string::npos;
    }
  }
  REQUIRE(failed);
}

TEST_CASE("a worker that no view lists is refused for a while", "[store]") {
  LaneFixture f;
  auto stranger = f.pull(0);
  std::get<wire::PushPull>(stranger.body).worker = NodeId(777);
  const auto answers = f.send(stranger);
  const auto* no = first<wire::Refused>(answers);
  REQUIRE(no != nullptr);
  REQUIRE(no->code == "unknown_node");
  REQUIRE(no->retry_ms > 0);
  LaneEffects effects;
  f.lane.on_workers({NodeId(5), NodeId(777)}, f.now, effects);
  REQUIRE(first<wire::PullOk>(f.send(stranger)) != nullptr);
}

TEST_CASE("a request for leases is answered, though there be none", "[store]") {
  LaneFixture f;
  wire::LeaseRequest ask{.job = JobId(1), .placement = 3, .worker = NodeId(5)};
  const auto given = f.send({ask, {}});
  REQUIRE(first<wire::Leases>(given) != nullptr);
  REQUIRE(first<wire::Leases>(given)->leaves.size() == 2);  // two steps
  ask.leaving = true;
  REQUIRE(first<wire::Leases>(f.send({ask, {}})) == nullptr);
  for (std::uint64_t step = 0; step < 3; ++step) f.send(f.push(step, 0, 2));
  ask.leaving = false;
  REQUIRE(first<wire::Leases>(f.send({ask, {}})) != nullptr);
}

TEST_CASE("pulls that wait are bounded by the bytes of their lists",
          "[store]") {
  LaneEffects effects;
  Lane lane(record(3), 0, Instant{}, Lane::Limits{.pending_bytes = 10});
  wire::PushPull pull;
  pull.job = JobId(1);
  pull.placement = 3;
  pull.worker = NodeId(5);
  pull.seq = 1;
  pull.pulls = true;
  pull.pull_version = 1;
  wire::PullPart part;
  part.leaves = {1, 0, 1};
  pull.pull = {part};
  part.leaves = {1, 1, 2};
  pull.pull.push_back(part);
  lane.on(PeerId(5), {pull, {}}, Instant{}, effects);
  REQUIRE(effects.empty());  // one may wait in any case
  pull.seq = 2;
  lane.on(PeerId(5), {pull, {}}, Instant{}, effects);
  const auto* refused =
      std::get_if<wire::Refused>(&std::get<ToPeer>(effects.at(0)).message.body);
  REQUIRE(refused != nullptr);
  REQUIRE(refused->code == "busy");
}

TEST_CASE("weights that end as no numbers fail the job", "[store]") {
  LaneFixture f(1);
  auto push = f.push(0, 0, 2);
  push.blobs[0] = Blob::of(std::vector<float>{1, 1e38F * 10});
  LaneEffects effects;
  f.lane.on(PeerId(5), std::move(push), f.now, effects);
  const auto failed = std::any_of(effects.begin(), effects.end(), [](auto& e) {
    const auto* to = std::get_if<ToMaster>(&e);
    return to != nullptr &&
           std::holds_alternative<wire::JobFailed>(to->message.body);
  });
  REQUIRE(failed);
}

TEST_CASE("an import takes all weights of a message, or none", "[store]") {
  auto r = record(1);
  r.spec.kind = "import";
  r.spec.train = {};
  Lane lane(r, 0, Instant{}, Lane::Limits{});
  const auto put = [&](std::vector<Blob> blobs) {
    LaneEffects effects;
    lane.on(PeerId(5),
            {wire::Put{.job = JobId(1),
                       .placement = 3,
                       .seq = 1,
                       .dense = true,
                       .range_begin = 0,
                       .range_end = 2},
             std::move(blobs)},
            Instant{}, effects);
    return std::holds_alternative<wire::PutOk>(
        std::get<ToPeer>(effects.at(0)).message.body);
  };
  const auto floats = [](std::size_t n) {
    return Blob::of(std::vector<float>(n, 7));
  };
  REQUIRE_FALSE(put({floats(2), floats(9)}));
  REQUIRE(lane.weights().dense(0, 0).values<float>()[0] == 0);
  REQUIRE(put({floats(2), floats(1)}));
  REQUIRE(lane.weights().dense(0, 0).values<float>()[0] == 7);
}

TEST_CASE("a lane goes on from its checkpoint", "[store]") {
  LaneFixture calm;
  calm.send(calm.push(0, 0, 2));
  const std::vector<LaneState> pieces{calm.lane.state()};
  REQUIRE(pieces[0].version == 1);
  LaneFixture other;
  REQUIRE(other.lane.restore(pieces, other.now).ok());
  REQUIRE(other.lane.version() == 1);
  for (auto* each : {&calm, &other}) {
    each->send(each->push(1, 0, 2));
    REQUIRE(each->lane.version() == 2);
  }
  REQUIRE(calm.lane.state().total.value == other.lane.state().total.value);
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(calm.lane.weights().dense(i, 2).values<float>() ==
            other.lane.weights().dense(i, 2).values<float>());
  }
}

TEST_CASE("what is not a whole checkpoint is refused", "[store]") {
  LaneFixture calm;
  calm.send(calm.push(0, 0, 2));
  std::vector<LaneState> pieces{calm.lane.state()};
  std::string reason;
  SECTION("a range is missing") {
    pieces[0].dense.pop_back();
    reason = "a range of a dense tensor is not there";
  }
  SECTION("a range is there twice") {
    pieces.push_back(pieces[0]);
    reason = "a range is there twice";
  }
  SECTION("two versions") {
    pieces.emplace_back();
    reason = "versions 1 and 0 in one checkpoint";
  }
  SECTION("another model") {
    pieces[0].table.resize(1);
    reason = "1 tables, not 0";
  }
  LaneFixture other;
  auto done = other.lane.restore(pieces, other.now);
  REQUIRE_FALSE(done.ok());
  REQUIRE(done.error().message == reason);
}

}  // namespace psmith::store
