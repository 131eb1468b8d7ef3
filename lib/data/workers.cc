#include "data/workers.h"

#include "base/check.h"

namespace psmith::data {

Workers::Workers(unsigned threads) : tasks_(kTasksPerThread * threads) {
  PSM_CHECK(threads >= 1, "workers of no thread");
  for (unsigned i = 1; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (auto task = tasks_.pop()) carry_out(*task);
    });
  }
}

Workers::~Workers() { tasks_.close(); }

void Workers::carry_out(Task& task) {
  task.work();
  task.work = nullptr;  // what it holds goes before it counts as done
  task.ticket->store(1);
  task.ticket->notify_all();
}

Workers::Ticket Workers::start(std::function<void()> task) {
  Task out{std::move(task), std::make_shared<std::atomic<int>>(0)};
  auto ticket = out.ticket;
  if (threads_.empty()) {
    carry_out(out);
  } else {
    tasks_.push(std::move(out));
  }
  return ticket;
}

void Workers::wait(const Ticket& ticket) {
  while (ticket->load() == 0) {
    if (auto task = tasks_.try_pop()) {
      carry_out(*task);
    } else {
      ticket->wait(0);
    }
  }
}

}  // namespace psmith::data
