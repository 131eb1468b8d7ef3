#include "data/workers.h"

#include <system_error>

#include "base/check.h"

namespace psmith::data {

Workers::Workers(unsigned threads) : tasks_(kTasksPerThread * threads) {
  PSM_CHECK(threads >= 1, "workers of no thread");
  for (unsigned i = 1; i < threads; ++i) {
    try {
      threads_.emplace_back([this] {
        while (auto task = tasks_.pop()) carry_out(*task);
      });
    } catch (const std::system_error&) {
      return;
    }
  }
}

Workers::~Workers() { tasks_.close(); }

void Workers::carry_out(Task& task) {
  try {
    task.work();
  } catch (...) {
    task.ticket->fault = std::current_exception();
  }
  task.work = nullptr;  // what it holds goes before it counts as done
  task.ticket->done.store(1);
  task.ticket->done.notify_all();
}

Workers::Ticket Workers::start(std::function<void()> task) {
  Task out{std::move(task), std::make_shared<State>()};
  auto ticket = out.ticket;
  if (threads_.empty()) {
    carry_out(out);
  } else {
    tasks_.push(std::move(out));
  }
  return ticket;
}

void Workers::wait(const Ticket& ticket) {
  await_end(ticket);
  if (ticket->fault) std::rethrow_exception(ticket->fault);
}

void Workers::await_end(const Ticket& ticket) {
  while (ticket->done.load() == 0) {
    if (auto task = tasks_.try_pop()) {
      carry_out(*task);
    } else {
      ticket->done.wait(0);
    }
  }
}

}  // namespace psmith::data
