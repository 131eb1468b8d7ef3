// ShardSource: a job's training and evaluation data as a worker reads them:
// the manifests are checked at once, each shard is mapped and checked when it
// is first needed. ready() and block() may be called from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "data/shard.h"
#include "node/compute.h"
#include "wire/job.h"

namespace psmith::node {

class ShardSource : public BlockSource {
 public:
  // Errors: not_found, corrupt; a dataset that is not the job's (conflict).
  static Result<std::shared_ptr<ShardSource>> open(const wire::JobSpec& spec);

  // Maps a shard. True: for the first time. Errors: it cannot be read, or
  // (corrupt) it was changed since. To be called before and after its blocks
  // are used. REQUIRES: shard is in the DataRef
  Result<bool> ready(bool eval, std::uint32_t shard);

  // REQUIRES: ready(eval, shard)
  tensor::Batch block(bool eval, std::uint32_t shard, std::uint64_t block,
                      data::Shard::Scratch& scratch) const override;

 private:
  struct Slot {
    mutable std::mutex mutex;
    std::shared_ptr<const data::Shard> shard;
  };
  struct Part {
    wire::DataRef ref;
    data::Manifest manifest;
    std::vector<Slot> shards;
  };
  static Status check(const wire::DataRef& ref, const model::Settings& model,
                      Part& part);

  Part train_, eval_;
};

}  // namespace psmith::node
