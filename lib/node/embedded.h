// Embedded: a whole cluster in one process, over inproc://: a master, servers
// and workers, each on threads of its own, in one Context. The same code, the
// same messages and the same bits as a cluster of processes.
//
// Made, used and destroyed by one thread; the nodes run on their own.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "net/context.h"

namespace psmith::node {

struct EmbeddedOptions {
  std::size_t workers = 1;
  std::size_t threads = 1;  // compute threads of each worker
  std::size_t servers = 1;
  std::size_t lanes = 1;  // of each server
};

class Embedded {
 public:
  explicit Embedded(EmbeddedOptions options);
  // Stops and joins everything.
  ~Embedded();
  Embedded(const Embedded&) = delete;
  Embedded& operator=(const Embedded&) = delete;

  net::Context& context();
  const std::string& master_address() const;
  // Where the workers answer predictions.
  const std::vector<std::string>& worker_addresses() const;

  // Why a node ended by itself, or "".
  std::string fault() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::node
