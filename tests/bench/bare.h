// The bare one-core parameter server: what an epoch costs without messages,
// threads, trees and versions. Weights and FTRL's z and n of a key lie in one
// run of 16 bytes, addressed by the key itself. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/rows.h"

namespace psmith::bench {

class BareServer {
 public:
  explicit BareServer(std::uint64_t keys) : row_(keys + 1) {}

  void pull(const std::vector<std::uint64_t>& key, std::vector<float>& out);
  void apply(const std::vector<std::uint64_t>& key,
             const std::vector<float>& gradient);

 private:
  struct alignas(16) Row {
    float w = 0, z = 0, n = 0;
  };
  std::vector<Row> row_;
};

// The distinct keys of a batch in the order of their first entry, and which of
// them each entry is; by a table over all keys.
class BareLocaliser {
 public:
  explicit BareLocaliser(std::uint64_t keys) : seen_(keys + 1) {}
  void build(const std::uint64_t* entry, std::size_t count,
             std::vector<std::uint64_t>& key,
             std::vector<std::uint32_t>& local);

 private:
  struct Seen {
    std::uint32_t batch = 0, local = 0;
  };
  std::vector<Seen> seen_;
  std::uint32_t batch_ = 0;
};

// One batch of logistic regression.
struct BareBatch {
  const float* label = nullptr;
  std::size_t row_count = 0;
  const std::uint32_t* row_begin = nullptr;  // row_count + 1, from 0
  const std::uint32_t* local = nullptr;
  const float* value = nullptr;
};
void bare_gradient(const BareBatch& batch, const std::vector<float>& weight,
                   std::vector<float>& gradient);

}  // namespace psmith::bench
