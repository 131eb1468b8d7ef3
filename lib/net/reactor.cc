#include "net/reactor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "base/check.h"
#include "base/format.h"

namespace psmith::net {
namespace {

constexpr std::size_t kPostBatch = 1024;  // posted functions a turn

}  // namespace

struct Reactor::Impl {
  struct Timer {
    std::function<void()> fn;
    Duration period{0};  // 0: once
  };

  struct Watch {
    WatchId id;
    int fd = -1;
    std::shared_ptr<std::function<void()>> fn;
  };

  // A descriptor that any thread can make readable.
  class Bell {
   public:
    Bell() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
      if (fd_ < 0) {
        throw Failure(70, Error{Code::exhausted, "no descriptors left"});
      }
    }
    ~Bell() { close(fd_); }
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;

    int fd() const { return fd_; }
    void ring() {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto n = write(fd_, &one, sizeof(one));
    }
    void silence() {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto n = read(fd_, &count, sizeof(count));
    }

   private:
    const int fd_;
  };

  // Shared with other threads.
  Bell bell;
  std::atomic<bool> stopping{false};
  std::atomic<std::thread::id> owner{};
  std::mutex mutex;
  std::condition_variable room;
  std::deque<std::function<void()>> posts;

  // The reactor's thread only.
  std::map<std::pair<Instant, TimerId>, Timer> timers;
  std::unordered_map<TimerId, Instant> timer_when;
  std::vector<Watch> watches;
  std::vector<std::shared_ptr<Source>> sources;  // null: removed
  std::vector<std::shared_ptr<Source>> removed;  // until the turn's end
  std::vector<zmq::pollitem_t> items;
  std::uint64_t next_id = 1;

  TimerId add_timer(Instant when, Timer timer) {
    PSM_CHECK(timers.size() < kTimerMax, "too many timers");
    const TimerId id(next_id++);
    timer_when[id] = when;
    timers.emplace(std::pair(when, id), std::move(timer));
    return id;
  }

  bool has_posts() {
    const std::lock_guard lock(mutex);
    return !posts.empty();
  }

  // Whole milliseconds that poll may wait; rounded up, so that a timer is due
  // when poll is over.
  std::chrono::milliseconds patience(Duration wait, Instant now) {
    if (has_posts() || stopping) return std::chrono::milliseconds(0);
    if (!timers.empty()) {
      wait = std::min(wait, timers.begin()->first.first - now);
    }
    wait = std::clamp<Duration>(wait, Duration(0), std::chrono::hours(1));
    return std::chrono::ceil<std::chrono::milliseconds>(wait);
  }

  void list_items() {
    std::erase(sources, nullptr);
    items.clear();
    items.push_back({nullptr, bell.fd(), ZMQ_POLLIN, 0});
    for (const auto& w : watches) {
      items.push_back({nullptr, w.fd, ZMQ_POLLIN, 0});
    }
    for (const auto& source : sources) {
      const auto events = source->wants_write() ? ZMQ_POLLIN | ZMQ_POLLOUT : 0;
      items.push_back(
          {source->handle(), 0, static_cast<short>(ZMQ_POLLIN | events), 0});
    }
  }

  // False: a signal came.
  bool poll(std::chrono::milliseconds wait) {
    try {
      zmq::poll(items, wait);
      return true;
    } catch (const zmq::error_t& e) {
      PSM_CHECK(e.num() == EINTR, e.what());
      return false;
    }
  }

  // Callbacks may add and remove watches and sources: those that were polled
  // are found by id, and by place (removed ones leave a null).
  void serve() {
    std::vector<WatchId> ready;
    const auto watch_count = watches.size();
    const auto source_count = sources.size();
    for (std::size_t i = 0; i < watch_count; ++i) {
      if (items[1 + i].revents != 0) ready.push_back(watches[i].id);
    }
    for (const auto id : ready) serve_watch(id);
    for (std::size_t i = 0; i < source_count; ++i) {
      const auto events = items[1 + watch_count + i].revents;
      if (sources[i] && (events & ZMQ_POLLIN) != 0) {
        sources[i]->drain(kBatch, SteadyClock().now() + kShare);
      }
      if (sources[i] && (events & ZMQ_POLLOUT) != 0) sources[i]->flush();
    }
  }

  void serve_watch(WatchId id) {
    const auto found = std::find_if(watches.begin(), watches.end(),
                                    [&](const auto& w) { return w.id == id; });
    if (found == watches.end()) return;
    const auto fn = found->fn;  // it may remove itself
    (*fn)();
  }

  void run_posts() {
    for (std::size_t n = 0; n < kPostBatch; ++n) {
      std::function<void()> fn;
      {
        const std::lock_guard lock(mutex);
        if (posts.empty()) return;
        fn = std::move(posts.front());
        posts.pop_front();
        if (posts.size() + 1 == kPostMax) room.notify_all();
      }
      fn();
    }
  }

  // Those due now; the ones that their callbacks add wait for the next turn.
  void run_timers(Instant now) {
    const TimerId newest(next_id);
    auto next = timers.begin();
    while (next != timers.end() && next->first.first <= now) {
      if (next->first.second >= newest) {
        ++next;
        continue;
      }
      run_timer(timers.extract(next), now);
      next = timers.begin();
    }
  }

  template <class Node>
  void run_timer(Node node, Instant now) {
    const auto id = node.key().second;
    auto& timer = node.mapped();
    if (timer.period == Duration(0)) timer_when.erase(id);
    timer.fn();
    const auto live = timer_when.find(id);
    if (live == timer_when.end()) return;  // once, or cancelled
    auto when = node.key().first + timer.period;
    if (when <= now) when = now + timer.period;
    live->second = when;
    node.key().first = when;
    timers.insert(std::move(node));
  }
};

Reactor::Reactor() : impl_(std::make_unique<Impl>()) {}
Reactor::~Reactor() = default;

void Reactor::run() {
  while (!impl_->stopping) turn(std::chrono::hours(1));
}

void Reactor::stop() {
  impl_->stopping = true;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->room.notify_all();
  }
  impl_->bell.ring();
}

void Reactor::turn(Duration wait) {
  impl_->owner = std::this_thread::get_id();
  impl_->list_items();
  if (impl_->poll(impl_->patience(wait, now()))) {
    if (impl_->items.front().revents != 0) impl_->bell.silence();
    impl_->serve();
  }
  impl_->run_posts();
  impl_->run_timers(now());
  impl_->removed.clear();
}

bool Reactor::post(std::function<void()> fn) {
  {
    std::unique_lock lock(impl_->mutex);
    if (impl_->owner.load() != std::this_thread::get_id()) {
      impl_->room.wait(lock, [this] {
        return impl_->posts.size() < kPostMax || impl_->stopping;
      });
    }
    if (impl_->stopping) return false;
    impl_->posts.push_back(std::move(fn));
  }
  impl_->bell.ring();
  return true;
}

Instant Reactor::now() const { return SteadyClock().now(); }

TimerId Reactor::at(Instant when, std::function<void()> fn) {
  return impl_->add_timer(when, {std::move(fn)});
}

TimerId Reactor::after(Duration delay, std::function<void()> fn) {
  return at(now() + delay, std::move(fn));
}

TimerId Reactor::every(Duration period, std::function<void()> fn) {
  PSM_CHECK(period > Duration(0), "a timer needs a period");
  return impl_->add_timer(now() + period, {std::move(fn), period});
}

void Reactor::cancel(TimerId id) {
  const auto found = impl_->timer_when.find(id);
  if (found == impl_->timer_when.end()) return;
  impl_->timers.erase({found->second, id});
  impl_->timer_when.erase(found);
}

WatchId Reactor::watch(int fd, std::function<void()> fn) {
  const WatchId id(impl_->next_id++);
  impl_->watches.push_back(
      {id, fd, std::make_shared<std::function<void()>>(std::move(fn))});
  return id;
}

void Reactor::unwatch(WatchId id) {
  std::erase_if(impl_->watches, [&](const auto& w) { return w.id == id; });
}

void Reactor::add(std::shared_ptr<Source> source) {
  impl_->sources.push_back(std::move(source));
}

void Reactor::remove(const Source* source) {
  for (auto& entry : impl_->sources) {
    if (entry.get() == source) impl_->removed.push_back(std::move(entry));
  }
}

}  // namespace psmith::net
