// Result<T>: a value, or the reason there is none.
//
// For failures the program outlives: a bad frame, a torn file, a lost peer.
// Programmer errors use PSM_CHECK. What ends the command is thrown, as Failure.
// A value, of one thread at a time.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace psmith {

enum class Code {
  invalid,  // the caller or the user gave something malformed
  not_found,
  corrupt,      // stored or received bytes fail their check
  unavailable,  // a peer is gone or not ready; retrying may help
  timed_out,
  conflict,   // stale view, wrong incarnation, duplicate registration
  exhausted,  // a stated limit was reached
};

struct Error {
  Code code;
  std::string message;  // one line, lower case, no full stop

  // Prefixes the message with where it happened: "shard 7: bad magic".
  Error at(std::string_view where) && {
    message.insert(0, std::string(where) + ": ");
    return std::move(*this);
  }
};

struct Failure : std::runtime_error {
  Failure(int status, const Error& e)
      : std::runtime_error(e.message), status(status) {}
  int status;  // exit status, from product.md
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok()
  T& operator*() { return *std::get_if<0>(&state_); }
  T* operator->() { return std::get_if<0>(&state_); }

  // REQUIRES: !ok()
  Error& error() { return *std::get_if<1>(&state_); }

  // The value, or throws Failure with this exit status. For code whose caller
  // is main().
  T value(int status) && {
    if (!ok()) throw Failure(status, error());
    return std::move(**this);
  }

 private:
  std::variant<T, Error> state_;
};

struct Done {};
using Status = Result<Done>;

#define PSM_CONCAT_(a, b) a##b
#define PSM_CONCAT(a, b) PSM_CONCAT_(a, b)
#define PSM_TRY_(result, decl, expr)             \
  auto result = (expr);                          \
  if (!result) return std::move(result.error()); \
  decl = std::move(*result)

// PSM_TRY(auto shard, open_shard(path));  binds the value, or returns the
// error.
#define PSM_TRY(decl, expr) PSM_TRY_(PSM_CONCAT(try_, __COUNTER__), decl, expr)

// PSM_DO(journal.append(record));  the same for a Status.
#define PSM_DO(expr)                             \
  do {                                           \
    auto done_ = (expr);                         \
    if (!done_) return std::move(done_.error()); \
  } while (false)

}  // namespace psmith
