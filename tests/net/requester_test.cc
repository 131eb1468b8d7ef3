#include "net/requester.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "net/context.h"
#include "net/reactor.h"
#include "tests/support/temp_dir.h"

namespace psmith::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::Jobs;
using wire::JobsOk;

// A master in a thread of its own, that answers Jobs and nothing else.
class Master {
 public:
  explicit Master(Context& context)
      : router_(reactor_, context,
                [this](PeerId peer, const wire::Message& message) {
                  if (std::holds_alternative<Jobs>(message.body)) {
                    router_.send(peer, {JobsOk{}, {}});
                  }
                }),
        endpoint_(router_.bind("tcp://127.0.0.1:0").value(1)),
        thread_([this] { reactor_.run(); }) {}
  ~Master() { reactor_.stop(); }
  const std::string& endpoint() const { return endpoint_; }

 private:
  Reactor reactor_;
  RouterSocket router_;
  std::string endpoint_;
  std::jthread thread_;
};

TEST_CASE("a request is answered", "[net]") {
  Context context;
  const Master master(context);
  Requester requester(context, {.address = master.endpoint()});
  REQUIRE(requester.connect(seconds(5)));
  auto answer = requester.request({Jobs{}, {}}, seconds(5));
  REQUIRE(answer);
  REQUIRE(std::holds_alternative<JobsOk>(answer->body));
  REQUIRE(requester.counters().received_messages == 1);
}

TEST_CASE("an answer that does not come is late", "[net]") {
  Context context;
  const Master master(context);
  Requester requester(context, {.address = master.endpoint()});
  REQUIRE(requester.connect(seconds(5)));
  auto answer = requester.request({wire::Nodes{}, {}}, milliseconds(20));
  REQUIRE_FALSE(answer);
  REQUIRE(answer.error().code == Code::timed_out);
  REQUIRE(answer.error().message ==
          "no answer from master " + master.endpoint() + " in 0.02 s");
}

TEST_CASE("nobody there: the reason is named", "[net]") {
  Context context;
  const support::TempDir folder;
  const auto reason = [&](const std::string& address) {
    Requester requester(context, {.address = address});
    auto connected = requester.connect(milliseconds(20));
    REQUIRE_FALSE(connected);
    REQUIRE(connected.error().code == Code::unavailable);
    return connected.error().message;
  };
  REQUIRE(reason("tcp://127.0.0.1:1") ==
          "cannot reach master tcp://127.0.0.1:1 (refused)");
  REQUIRE(reason("tcp://no-such-host.invalid:1") ==
          "cannot reach master tcp://no-such-host.invalid:1 (no such host)");
  const auto path = "ipc://" + (folder / "nobody").string();
  REQUIRE(reason(path) == "cannot reach master " + path + " (no such file)");
  REQUIRE_THROWS_AS(Requester(context, {.address = "nonsense"}), Failure);
}

TEST_CASE("a readable descriptor ends the waiting", "[net]") {
  Context context;
  const Master master(context);
  const int fd = eventfd(1, EFD_CLOEXEC);
  Requester requester(context, {.address = master.endpoint(), .wake_fd = fd});
  auto answer = requester.receive(seconds(60));
  REQUIRE_FALSE(answer);
  REQUIRE(answer.error().message == "interrupted");
  close(fd);
}

}  // namespace
}  // namespace psmith::net
