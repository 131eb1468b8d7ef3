// Peers that are none: sockets of the system that do what they like.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace psmith::net {

// A UNIX socket that listens, but has no room for another connection.
class Crowded {
 public:
  explicit Crowded(const std::string& path) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof(to.sun_path) - 1);
    const auto* address = reinterpret_cast<const sockaddr*>(&to);
    fds_.push_back(open());
    REQUIRE(::bind(fds_[0], address, sizeof(to)) == 0);
    REQUIRE(listen(fds_[0], 0) == 0);
    do {
      REQUIRE(fds_.size() < 100);
      fds_.push_back(open());
    } while (connect(fds_.back(), address, sizeof(to)) == 0);
  }
  ~Crowded() {
    for (const int fd : fds_) close(fd);
  }
  Crowded(const Crowded&) = delete;
  Crowded& operator=(const Crowded&) = delete;

 private:
  static int open() {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    REQUIRE(fd >= 0);
    return fd;
  }
  std::vector<int> fds_;
};

// A tcp connection that says what it likes, and hangs up at the end.
class RawPeer {
 public:
  RawPeer(const std::string& endpoint, std::string_view bytes)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(parse_address(endpoint).value(1).port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(fd_ >= 0);
    REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) ==
            0);
    say(bytes);
  }
  ~RawPeer() { close(fd_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  // The far end may hang up first.
  void say(std::string_view bytes) {
    (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  bool hear(std::size_t size) {
    std::string heard(size, '\0');
    return recv(fd_, heard.data(), size, MSG_WAITALL) ==
           static_cast<ssize_t>(size);
  }

 private:
  const int fd_;
};

}  // namespace psmith::net
