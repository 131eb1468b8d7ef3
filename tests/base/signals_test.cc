#include "base/signals.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace psmith {
namespace {

bool readable(int fd) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, 0) == 1;
}

// How a child that runs `body` ends.
template <class Body>
int status_of(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      ::signal(number, SIG_DFL);  // not Catch's handlers
    }
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("a signal makes the descriptor readable once", "[base]") {
  auto signals = Signals::open();
  REQUIRE(signals.ok());
  REQUIRE_FALSE(readable(signals->fd()));
  REQUIRE(signals->next() == 0);
  ::raise(SIGTERM);
  REQUIRE(readable(signals->fd()));
  REQUIRE(signals->next() == SIGTERM);
  REQUIRE_FALSE(readable(signals->fd()));
}

TEST_CASE("a second signal ends the process by that signal", "[base]") {
  const int status = status_of([] {
    const auto signals = Signals::open();
    ::raise(SIGINT);
    ::raise(SIGTERM);
  });
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("the actions before are restored", "[base]") {
  const int status = status_of([] {
    { const auto signals = Signals::open(); }
    ::raise(SIGINT);
  });
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGINT);
}

TEST_CASE("a hang-up that was ignored stays ignored", "[base]") {
  const int status = status_of([] {
    ::signal(SIGHUP, SIG_IGN);
    auto signals = Signals::open();
    ::raise(SIGHUP);
    if (signals->next() != 0) ::_exit(1);
  });
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
}

TEST_CASE("only one may watch at a time", "[base]") {
  const auto first = Signals::open();
  REQUIRE(first.ok());
  REQUIRE_FALSE(Signals::open().ok());
}

TEST_CASE("a broken pipe is an error, and the end by choice", "[base]") {
  const int status = status_of([] {
    ignore_sigpipe();
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(1);
    ::close(ends[0]);
    if (write_all(ends[1], as_bytes("x"), "pipe").ok()) ::_exit(2);
    raise_default(SIGPIPE);
  });
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGPIPE);
}

}  // namespace psmith
