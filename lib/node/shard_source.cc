#include "node/shard_source.h"

#include "base/check.h"
#include "base/format.h"

namespace psmith::node {

Status ShardSource::check(const wire::DataRef& ref,
                          const model::Settings& model, Part& part) {
  if (ref.shards.empty()) return Done{};
  PSM_TRY(part.manifest, data::read_manifest(ref.folder));
  const auto& manifest = part.manifest;
  if (manifest.digest != ref.digest) {
    return error(Code::conflict,
                 "{}: not the dataset of this job: its digest is {}, the "
                 "job's {}",
                 ref.folder, manifest.digest.substr(0, 12),
                 ref.digest.substr(0, 12));
  }
  bool fits = ref.shards.size() == ref.shape.shard_rows.size() &&
              ref.shape.block_rows >= 1 &&
              (manifest.dense || ref.shape.block_rows == manifest.block_rows);
  for (std::size_t i = 0; fits && i < ref.shards.size(); ++i) {
    fits = ref.shards[i] < manifest.shards.size() &&
           manifest.shards[ref.shards[i]].rows == ref.shape.shard_rows[i];
  }
  if (!fits) {
    return error(Code::conflict, "{}: its shards are not those of the job",
                 ref.folder);
  }
  const auto columns = manifest.schema.columns.size();
  if (manifest.dense != model.dense ||
      (model.dense && columns != model.column_count)) {
    return error(Code::conflict, "{}: its rows are not of the job's model",
                 ref.folder);
  }
  part.ref = ref;
  part.shards = std::vector<Slot>(ref.shards.size());
  return Done{};
}

Result<std::shared_ptr<ShardSource>> ShardSource::open(
    const wire::JobSpec& spec) {
  auto source = std::make_shared<ShardSource>();
  PSM_DO(check(spec.train, spec.model, source->train_));
  PSM_DO(check(spec.eval, spec.model, source->eval_));
  return source;
}

Result<bool> ShardSource::ready(bool eval, std::uint32_t shard) {
  auto& part = eval ? eval_ : train_;
  PSM_CHECK(shard < part.shards.size(), "a shard of the job");
  auto& slot = part.shards[shard];
  const std::lock_guard lock(slot.mutex);  // others open other shards meanwhile
  if (slot.shard) {
    auto same = slot.shard->unchanged();
    if (!same) return std::move(same.error()).at(part.ref.folder);
    return false;
  }
  PSM_TRY(auto opened, data::Shard::open(part.ref.folder, part.manifest,
                                         part.ref.shards[shard]));
  if (part.manifest.dense &&
      part.ref.shape.block_rows != part.manifest.block_rows) {
    opened = opened->with_block_rows(part.ref.shape.block_rows);
  }
  slot.shard = std::move(opened);
  return true;
}

tensor::Batch ShardSource::block(bool eval, std::uint32_t shard,
                                 std::uint64_t block,
                                 data::Shard::Scratch& scratch) const {
  const auto& part = eval ? eval_ : train_;
  const data::Shard* found = nullptr;
  {
    const std::lock_guard lock(part.shards[shard].mutex);
    found = part.shards[shard].shard.get();
  }
  PSM_CHECK(found != nullptr, "a shard that is ready");
  return found->block(block, scratch);
}

}  // namespace psmith::node
