#include "data/part_writer.h"

#include <utility>

#include "base/check.h"

namespace psmith::data {

PartWriter::PartWriter(std::filesystem::path folder, const PartPlan& plan,
                       Workers& workers)
    : folder_(std::move(folder)),
      plan_(plan),
      workers_(workers),
      closers_(workers.threads()) {
  PSM_CHECK(plan.shards > 0 || plan.rows == 0, "rows for no shard");
}

PartWriter::~PartWriter() {
  for (const auto& shard : closing_) {
    if (shard->ticket) closers_.await_end(shard->ticket);
  }
}

Status PartWriter::open() {
  PSM_CHECK(rows_ < plan_.rows, "more rows than the part has");
  if (writer_) return Done{};
  const auto number = static_cast<std::size_t>(plan_.first_shard + closed_);
  PSM_TRY(auto opened, ShardWriter::create(folder_ / shard_file_name(number),
                                           plan_.shape, &workers_, plan_.keys));
  writer_.emplace(std::move(opened));
  return Done{};
}

Status PartWriter::count(std::uint64_t work) {
  ++rows_;
  work_ += work;
  return shard_ends() ? close() : Status(Done{});
}

// Whether the open shard has its share: shard s of N ends once (s + 1) / N of
// the rows, or of the work, are done.
bool PartWriter::shard_ends() const {
  const auto left = plan_.rows - rows_;
  if (left == 0 || closed_ + 1 == plan_.shards) return left == 0;
  if (left == plan_.shards - closed_ - 1) return true;  // one row for each
  __extension__ using Wide = unsigned __int128;
  const auto done = plan_.work ? work_ : rows_;
  const auto all = plan_.work ? *plan_.work : plan_.rows;
  return Wide{done} * plan_.shards >= Wide{all} * (closed_ + 1);
}

// At most one shard a thread is being written out at a time.
Status PartWriter::close() {
  PSM_DO(writer_->settle());
  closing_.push_back(
      std::make_unique<Closing>(Closing{.writer = std::move(*writer_)}));
  writer_.reset();
  ++closed_;
  auto* const shard = closing_.back().get();
  const bool holdout = plan_.holdout;
  shard->ticket = closers_.start([shard, holdout] {
    shard->info = shard->writer.finish();
    if (shard->info) shard->info->holdout = holdout;
  });
  return closing_.size() > closers_.threads() ? list_oldest() : Status(Done{});
}

Status PartWriter::list_oldest() {
  auto* const shard = closing_.front().get();
  closers_.wait(shard->ticket);
  auto info = std::move(shard->info);
  closing_.pop_front();
  if (!info) return std::move(info.error());
  listed_.push_back(std::move(*info));
  return Done{};
}

Result<std::vector<ShardInfo>> PartWriter::finish() {
  PSM_CHECK(rows_ == plan_.rows, "fewer rows than the part has");
  while (!closing_.empty()) PSM_DO(list_oldest());
  return std::move(listed_);
}

}  // namespace psmith::data
