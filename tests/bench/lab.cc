#include "tests/bench/lab.h"

#include <deque>
#include <future>
#include <thread>

#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "node/server.h"
#include "store/job_shape.h"

namespace psmith::bench {
namespace {

constexpr NodeId kServer(7), kWorker(5);
constexpr JobId kJob(1);
constexpr std::uint64_t kPlacement = 1;

wire::JobRecord record_of(const LaneOptions& options,
                          const std::vector<std::string>& addresses) {
  wire::JobRecord record;
  record.job = kJob;
  record.placement = kPlacement;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    record.lanes.push_back(
        {.lane = 1 + i, .node = kServer, .address = addresses[i]});
  }
  record.workers = {kWorker};
  auto& spec = record.spec;
  spec.model = {.kind = options.classes != 0 ? model::Kind::softmax
                                             : model::Kind::logistic,
                .dense = options.columns != 0,
                .column_count = options.columns,
                .class_count = options.classes};
  spec.optimizer = options.optimizer;
  spec.train.shape = {.shard_rows = {options.leaves}, .block_rows = 1};
  spec.group_blocks = options.leaves;
  spec.epochs = std::uint64_t{1} << 24;
  return record;
}

wire::Message accepted(wire::Message answer) {
  if (auto* no = std::get_if<wire::Refused>(&answer.body)) {
    throw Failure(1, Error{Code::invalid, no->code + ": " + no->text});
  }
  return answer;
}

// Tells one server to start one job, and no more.
class OneJobMaster {
 public:
  OneJobMaster(net::Context& context, const std::string& listen)
      : router_(reactor_, context,
                [this](PeerId from, const wire::Message& message) {
                  on(from, message);
                }),
        address_(router_.bind(listen).value(1)) {}
  ~OneJobMaster() {
    reactor_.stop();
    if (thread_.joinable()) thread_.join();
  }

  const std::string& address() const { return address_; }
  void start(wire::JobRecord record) {
    record_ = std::move(record);
    thread_ = std::thread([this] { reactor_.run(); });
  }
  // REQUIRES: start()
  void wait_for_job() { started_.get_future().get(); }

 private:
  void on(PeerId from, const wire::Message& message) {
    if (std::holds_alternative<wire::Join>(message.body)) {
      router_.send(
          from,
          {wire::JoinOk{.node = kServer, .heartbeat_ms = 100, .liveness = 600},
           {}});
    } else if (std::holds_alternative<wire::Heartbeat>(message.body)) {
      router_.send(from, {wire::HeartbeatOk{}, {}});
      if (!asked_) router_.send(from, {wire::StartJob{record_}, {}});
      asked_ = true;
    } else if (std::holds_alternative<wire::StartJobOk>(message.body)) {
      started_.set_value();
    } else if (auto* no = std::get_if<wire::JobFailed>(&message.body)) {
      started_.set_exception(std::make_exception_ptr(
          Failure(1, Error{Code::unavailable, no->reason})));
    }
  }

  net::Reactor reactor_;
  net::RouterSocket router_;
  std::string address_;
  wire::JobRecord record_;
  bool asked_ = false;
  std::promise<void> started_;
  std::thread thread_;
};

}  // namespace

wire::PushPull request_of(std::uint64_t seq) {
  wire::PushPull out;
  out.job = kJob;
  out.placement = kPlacement;
  out.worker = kWorker;
  out.seq = seq;
  return out;
}

wire::PushPart push_of(const wire::Leaves& leaves) {
  wire::PushPart out;
  out.leaves = leaves;
  out.sums.assign(model::Sums{}.value.size(), 0);
  out.sums[model::Sums::weight] = 1;
  out.sums[model::Sums::rows] = 1;
  return out;
}

wire::KeyList list_of(std::uint32_t number, std::size_t key_count,
                      bool with_keys) {
  return {.dataset = 1,
          .shard = 0,
          .begin = number,
          .end = number + 1,
          .key_count = key_count,
          .has_keys = with_keys};
}

InnerLane::InnerLane(const LaneOptions& options)
    : lane_(record_of(options, {""}), 0, Instant{},
            {.key_cache_bytes = options.key_cache_bytes}),
      leaves_(options.leaves) {}

wire::Message InnerLane::call(wire::Message request) {
  store::LaneEffects effects;
  lane_.on(PeerId(1), std::move(request), Instant{}, effects);
  for (auto& effect : effects) {
    auto* to = std::get_if<store::ToPeer>(&effect);
    if (to != nullptr &&
        !std::holds_alternative<wire::Leases>(to->message.body)) {
      return accepted(std::move(to->message));
    }
  }
  throw Failure(1, Error{Code::unavailable, "the lane does not answer"});
}

void InnerLane::push(std::uint32_t begin, std::uint32_t end, std::uint32_t list,
                     std::vector<Blob> dense, Blob key, Blob value) {
  if (list >= key_count_.size()) key_count_.resize(list + 1);
  auto request = request_of(++seq_);
  request.push = {push_of({lane_.version(), begin, end})};
  const auto count = value.count<float>();
  if (count != 0) {
    const bool with_keys = key_count_[list] == 0;
    request.push[0].lists = {list_of(list, count, with_keys)};
    if (with_keys) dense.push_back(std::move(key));
    dense.push_back(std::move(value));
    key_count_[list] = count;
  }
  const auto answer = call({std::move(request), std::move(dense)});
  if (!std::holds_alternative<wire::PushOk>(answer.body)) {
    throw Failure(1, Error{Code::corrupt, "no answer to a push"});
  }
}

wire::Message InnerLane::pull(std::uint32_t list) {
  auto request = request_of(++seq_);
  request.pulls = true;
  request.pull_version = lane_.version();
  request.pull = {{.leaves = {lane_.version(), 0, leaves_},
                   .lists = {list_of(list, key_count_.at(list), false)}}};
  auto answer = call({std::move(request), {}});
  if (!std::holds_alternative<wire::PullOk>(answer.body)) {
    throw Failure(1, Error{Code::corrupt, "no answer to a pull"});
  }
  return answer;
}

struct Lab::Impl {
  Impl(bool tcp, const LaneOptions& options)
      : master(there, tcp ? "tcp://127.0.0.1:0" : "inproc://master"),
        server(there, server_options(tcp, options)),
        record(record_of(options, server.addresses())),
        model(model::make_model(record.spec.model).value(1)),
        place(store::placement_of(record, *model)) {
    master.start(record);
    thread = std::thread([this] { server.run(); });
    master.wait_for_job();
    for (std::size_t lane = 0; lane < options.lanes; ++lane) {
      dealers.push_back(std::make_unique<net::DealerSocket>(
          reactor, tcp ? here : there, server.addresses().at(lane),
          [this, lane](wire::Message message) {
            if (std::holds_alternative<wire::Leases>(message.body)) {
              return;  // there is one worker: it knows
            }
            answers.emplace_back(lane, std::move(message));
          }));
    }
  }
  ~Impl() {
    dealers.clear();
    server.stop();
    thread.join();
  }

  node::ServerOptions server_options(bool tcp,
                                     const LaneOptions& options) const {
    node::ServerOptions out;
    out.master = master.address();
    out.listen = tcp ? "tcp://127.0.0.1:0" : "inproc://lane";
    out.threads = options.lanes;
    out.limits.key_cache_bytes = options.key_cache_bytes;
    return out;
  }

  net::Context there, here;
  OneJobMaster master;
  node::Server server;
  wire::JobRecord record;
  std::unique_ptr<const model::Model> model;
  placement::Placement place;
  std::thread thread;
  net::Reactor reactor;
  std::vector<std::unique_ptr<net::DealerSocket>> dealers;  // by lane
  std::deque<std::pair<std::size_t, wire::Message>> answers;
  std::uint64_t seq = 0;
};

Lab::Lab(bool tcp, const LaneOptions& options)
    : impl_(std::make_unique<Impl>(tcp, options)) {}
Lab::~Lab() = default;

wire::PushPull Lab::request() { return request_of(++impl_->seq); }
const placement::Placement& Lab::placement() const { return impl_->place; }

void Lab::call(
    std::vector<wire::Message> requests,
    const std::function<void(std::size_t lane, wire::Message)>& use) {
  constexpr auto kWait = std::chrono::seconds(1);
  auto& impl = *impl_;
  impl.answers.clear();
  for (std::size_t lane = 0; lane < requests.size(); ++lane) {
    if (impl.dealers.at(lane)->send(requests[lane]) != net::SendResult::taken) {
      throw Failure(1, Error{Code::exhausted, "the lane takes no message"});
    }
  }
  for (auto left = requests.size(); left > 0; --left) {
    while (impl.answers.empty()) impl.reactor.turn(kWait);
    auto [lane, answer] = std::move(impl.answers.front());
    impl.answers.pop_front();
    use(lane, accepted(std::move(answer)));
  }
}

wire::Message Lab::call(wire::Message request) {
  std::vector<wire::Message> requests;
  requests.push_back(std::move(request));
  wire::Message out;
  call(std::move(requests),
       [&](std::size_t, wire::Message answer) { out = std::move(answer); });
  return out;
}

}  // namespace psmith::bench
