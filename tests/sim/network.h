// The fake network and the event queue of a simulation. Endpoint numbers stand
// for sockets; a message to an endpoint that is gone vanishes, and so does a
// share of the others. A connection that is cut loses a tail of what is under
// way, and goes on. One thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "wire/message.h"

namespace psmith::sim {

class Network {
 public:
  using Endpoint = std::uint64_t;
  using Receiver = std::function<void(Endpoint from, wire::Message)>;

  struct Weather {
    double delay_ms = 1;       // mean of a message's delay
    double slow_share = 0.02;  // share of messages that take up to 100x
    double lost_share = 0;     // share of messages that are lost
  };
  Network(std::uint64_t seed, Weather weather)
      : rng_(seed), weather_(weather) {}

  Instant now() const { return now_; }
  Rng& rng() { return rng_; }
  std::uint64_t messages() const { return messages_; }

  Endpoint open(Receiver receiver) {
    receivers_[++last_endpoint_] = std::move(receiver);
    return last_endpoint_;
  }

  // The process behind it died: it receives nothing more, and of what it sent
  // on each connection a random tail is lost.
  void kill(Endpoint endpoint) {
    receivers_.erase(endpoint);
    for (auto& [link, state] : links_) {
      if (link.first == endpoint) lose(state);
    }
  }

  // All connections of this endpoint.
  void cut(Endpoint endpoint) {
    for (auto& [link, state] : links_) {
      if (link.first == endpoint || link.second == endpoint) lose(state);
    }
  }

  // Until then nothing reaches it; isolated: nor does what it sends reach
  // others.
  void hold(Endpoint endpoint, Instant until, bool isolated) {
    hold_in_[endpoint] = until;
    if (isolated) hold_out_[endpoint] = until;
  }

  void send(Endpoint from, Endpoint to, wire::Message message) {
    if (!receivers_.contains(from)) return;
    ++messages_;
    auto& link = links_[{from, to}];
    const auto number = ++link.sent;
    double ms = -weather_.delay_ms * std::log(1.0 - rng_.uniform());
    if (rng_.uniform() < weather_.slow_share) ms *= 100 * rng_.uniform();
    if (rng_.uniform() < weather_.lost_share) return;
    link.last = std::max(link.last, now_ + duration(ms));  // order is kept
    deliver(link.last, from, to, number, std::move(message));
  }

  static Duration duration(double ms) {
    return Duration(static_cast<std::int64_t>(ms * 1e6));
  }

  void at(Instant when, std::function<void()> fn) {
    events_.push_back({when, next_++, std::move(fn)});
    std::push_heap(events_.begin(), events_.end(), later);
  }
  void after(double ms, std::function<void()> fn) {
    at(now_ + duration(ms), std::move(fn));
  }

  // False: nothing is left to happen.
  bool step() {
    if (events_.empty()) return false;
    std::pop_heap(events_.begin(), events_.end(), later);
    auto event = std::move(events_.back());
    events_.pop_back();
    now_ = event.when;
    event.fn();
    return true;
  }

 private:
  struct Event {
    Instant when;
    std::uint64_t number;
    std::function<void()> fn;
  };
  static bool later(const Event& a, const Event& b) {
    return std::pair(a.when, a.number) > std::pair(b.when, b.number);
  }
  struct Link {
    Instant last;
    std::uint64_t sent = 0, delivered = 0;
    std::uint64_t lost_after = 0, lost_to = 0;  // what a cut took
  };

  void lose(Link& link) {
    if (link.sent == link.delivered) return;
    link.lost_after =
        link.delivered + rng_.below(link.sent - link.delivered + 1);
    link.lost_to = link.sent;
  }

  void deliver(Instant when, Endpoint from, Endpoint to, std::uint64_t number,
               wire::Message message) {
    at(when, [this, from, to, number, m = std::move(message)]() mutable {
      const auto free = std::max(held(hold_in_, to), held(hold_out_, from));
      if (free > now_) return deliver(free, from, to, number, std::move(m));
      auto& link = links_[{from, to}];
      link.delivered = number;
      if (number > link.lost_after && number <= link.lost_to) return;
      const auto found = receivers_.find(to);
      if (found != receivers_.end()) found->second(from, std::move(m));
    });
  }

  static Instant held(const std::map<Endpoint, Instant>& holds, Endpoint at) {
    const auto found = holds.find(at);
    return found == holds.end() ? Instant() : found->second;
  }

  Rng rng_;
  Weather weather_;
  Instant now_{};
  std::uint64_t next_ = 0, messages_ = 0;
  Endpoint last_endpoint_ = 0;
  std::vector<Event> events_;  // a heap
  std::map<Endpoint, Receiver> receivers_;
  std::map<std::pair<Endpoint, Endpoint>, Link> links_;
  std::map<Endpoint, Instant> hold_in_, hold_out_;
};

}  // namespace psmith::sim
