// A peer that answers each message as a function says: what a client believes
// to be a master or a lane. Lives on a thread of its own.
#pragma once

#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "base/format.h"
#include "net/context.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "wire/message.h"

namespace psmith::client {

class ScriptedPeer {
 public:
  using Answer = std::function<std::vector<wire::Message>(wire::Message&)>;

  ScriptedPeer(net::Context& context, Answer answer) {
    std::promise<std::string> bound;
    auto address = bound.get_future();
    thread_ = std::thread([this, &context, &bound, answer] {
      net::RouterSocket* self = nullptr;
      net::RouterSocket socket(reactor_, context,
                               [&](PeerId from, wire::Message message) {
                                 for (auto& each : answer(message)) {
                                   self->send(from, each);
                                 }
                               });
      self = &socket;
      bound.set_value(std::move(socket.bind("tcp://127.0.0.1:0")).value(1));
      reactor_.run();
    });
    address_ = address.get();
  }
  ~ScriptedPeer() {
    reactor_.stop();
    thread_.join();
  }

  const std::string& address() const { return address_; }

 private:
  net::Reactor reactor_;
  std::string address_;
  std::thread thread_;
};

}  // namespace psmith::client
