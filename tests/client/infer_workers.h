// Workers of inference for the tests of its clients.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/format.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"

namespace psmith::client {

// A worker on a thread of its own; the answer is a row's first column, doubled.
// late: it answers a batch when the next one comes, or at release().
// It refuses batch refuse_at, and is unfit then.
class Workers {
 public:
  Workers(int count, bool late, std::uint64_t refuse_at) {
    for (int i = 0; i < count; ++i) {
      nodes_.push_back(std::make_unique<Node>(context, i));
      nodes_.back()->late = late;
      nodes_.back()->refuse_at = refuse_at;
    }
    for (auto& node : nodes_) node->start();
  }
  ~Workers() {
    for (auto& node : nodes_) node->reactor.stop();
  }

  void release() {
    for (auto& node : nodes_) {
      node->reactor.post([&n = *node] {
        n.late = false;
        n.send_held();
      });
    }
  }

  std::vector<std::string> addresses() const {
    std::vector<std::string> out;
    for (const auto& node : nodes_) out.push_back(node->address);
    return out;
  }

  net::Context context;

 private:
  struct Node {
    Node(net::Context& context, int number)
        : router(reactor, context,
                 [this](PeerId peer, const wire::Message& m) { on(peer, m); }),
          address(router.bind(format("inproc://w{}", number)).value(70)) {}

    void start() {
      thread = std::jthread([this] { reactor.run(); });
    }

    void on(PeerId peer, const wire::Message& m) {
      if (const auto* load = std::get_if<wire::LoadModel>(&m.body)) {
        router.send(peer, {.body = wire::LoadModelOk{.digest = load->digest,
                                                     .received = load->total},
                           .blobs = {}});
      } else if (const auto* ask = std::get_if<wire::Predict>(&m.body)) {
        const auto x = m.blobs.at(0).values<float>();
        std::vector<float> raw;
        for (std::size_t i = 0; i < x.size(); i += ask->column_count) {
          raw.push_back(2 * x[i]);
        }
        send_held();
        if (ask->seq == refuse_at) {
          wire::Refused refused;
          refused.code = "invalid";
          refused.seq = ask->seq;
          router.send(peer, {.body = refused, .blobs = {}});
          return;
        }
        held = [this, peer, seq = ask->seq, raw] {
          router.send(peer, {.body = wire::PredictOk{.seq = seq},
                             .blobs = {Blob::of(raw)}});
        };
        if (!late) send_held();
      }
    }
    void send_held() {
      if (held) std::exchange(held, nullptr)();
    }

    bool late = false;
    std::uint64_t refuse_at = 0;
    std::function<void()> held;  // sends an answer
    net::Reactor reactor;
    net::RouterSocket router;
    std::string address;
    std::jthread thread;
  };
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace psmith::client
