// Relay: passes tcp connections on to an endpoint, and can go deaf on those
// that there are: they stay open and nothing gets through, as when a cable is
// cut.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/format.h"
#include "net/address.h"

namespace psmith::net {

class Relay {
 public:
  explicit Relay(const std::string& endpoint)
      : to_(loopback(parse_address(endpoint).value(1).port)),
        listener_(open()) {
    auto here = loopback(0);
    socklen_t size = sizeof(here);
    REQUIRE(pipe(wake_.data()) == 0);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&here), size) == 0);
    REQUIRE(listen(listener_, 16) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size) ==
            0);
    endpoint_ = format("tcp://127.0.0.1:{}", ntohs(here.sin_port));
    thread_ = std::thread([this] { run(); });
  }
  ~Relay() {
    close(wake_[1]);
    thread_.join();
    close(wake_[0]);
    close(listener_);
    for (const auto& link : links_) close_both(link);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  std::size_t accepted() const { return accepted_; }
  void deafen() { deaf_ = accepted_.load(); }

 private:
  struct Link {
    std::size_t number = 0;
    std::array<int, 2> fd{-1, -1};
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
  }
  static int open() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
  static void close_both(const Link& link) {
    for (const int fd : link.fd) close(fd);
  }

  void accept_one() {
    Link link{accepted_, {accept(listener_, nullptr, nullptr), open()}};
    if (connect(link.fd[1], reinterpret_cast<const sockaddr*>(&to_),
                sizeof(to_)) != 0) {
      close_both(link);
      return;
    }
    links_.push_back(link);
    ++accepted_;
  }

  // False: one end has hung up.
  bool pass(const Link& link, std::size_t from) {
    std::array<char, 4096> bytes{};
    const auto size = recv(link.fd[from], bytes.data(), bytes.size(), 0);
    if (link.number < deaf_) return size > 0;
    for (ssize_t done = 0; done < size;) {
      const auto sent =
          send(link.fd[1 - from], bytes.data() + done,
               static_cast<std::size_t>(size - done), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      done += sent;
    }
    return size > 0;
  }

  void run() {
    while (true) {
      std::vector<pollfd> fds{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
      for (const auto& link : links_) {
        for (const int fd : link.fd) fds.push_back({fd, POLLIN, 0});
      }
      (void)poll(fds.data(), fds.size(), -1);
      if (fds[0].revents != 0) return;
      std::vector<std::size_t> over;
      for (std::size_t i = 2; i < fds.size(); ++i) {
        const auto& link = links_[i / 2 - 1];
        if (fds[i].revents == 0 || pass(link, i % 2)) continue;
        over.push_back(link.number);
      }
      std::erase_if(links_, [&](const Link& link) {
        const bool gone = std::count(over.begin(), over.end(), link.number) > 0;
        if (gone) close_both(link);
        return gone;
      });
      if (fds[1].revents != 0) accept_one();
    }
  }

  const sockaddr_in to_;
  const int listener_;
  std::array<int, 2> wake_{-1, -1};
  std::string endpoint_;
  std::vector<Link> links_;  // the thread's
  std::atomic<std::size_t> accepted_{0}, deaf_{0};
  std::thread thread_;
};

}  // namespace psmith::net
