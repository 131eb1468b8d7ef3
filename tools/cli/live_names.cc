#include "live_names.h"

#include <exception>
#include <future>
#include <thread>
#include <utility>

#include "client/master_client.h"
#include "net/context.h"
#include "session.h"

namespace psmith::cli {
namespace {

using Jobs = std::vector<wire::JobInfo>;

// Fulfils the promise before it takes the connection down; else leaves it
// broken.
void ask(std::promise<Jobs> promise, const std::string& master,
         Duration limit) {
  try {
    std::string address = master;
    if (master.starts_with('@')) {
      auto read = address_in(master.substr(1));
      if (!read) return;
      address = std::move(*read);
    }
    net::Context context;
    auto client =
        client::MasterClient::connect(context, {.address = address,
                                                .connect_timeout = limit,
                                                .answer_timeout = limit});
    if (!client) return;
    auto jobs = client->jobs();
    if (jobs) promise.set_value(std::move(*jobs));
  } catch (const std::exception&) {  // as if there were no master
  }
}

}  // namespace

std::vector<wire::JobInfo> jobs_by(Instant until, const std::string& master) {
  if (master.empty()) return {};
  // A name server, a file or a peer may block without a limit of its own, so
  // that only another thread can keep the time.
  std::promise<Jobs> promise;
  auto jobs = promise.get_future();
  const auto limit = until - SteadyClock().now();
  std::thread(ask, std::move(promise), master, limit).detach();
  if (jobs.wait_for(limit) != std::future_status::ready) return {};
  try {
    return jobs.get();
  } catch (const std::future_error&) {
    return {};
  }
}

}  // namespace psmith::cli
