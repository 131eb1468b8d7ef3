#include "client/params_client.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>
#include <variant>

#include "base/format.h"
#include "client/master_client.h"
#include "net/requester.h"
#include "placement/placement.h"

namespace psmith::client {
namespace {

using placement::kBucketCount;
using placement::Placement;

constexpr std::uint32_t kRangesAtOnce = 16;                  // x 256 KiB
constexpr std::uint32_t kBucketsAtOnce = 16;                 // of 256
constexpr std::size_t kFloatsAtOnce = std::size_t{1} << 20;  // of a put

// The job's shape and who holds what.
struct Plan {
  std::unique_ptr<const model::Model> model;
  Placement placement;
};

Result<Plan> plan_of(const wire::JobInfo& info) {
  if (info.lanes.empty()) {
    return error(Code::unavailable, "job {} is on no lane", info.job.value());
  }
  PSM_TRY(auto model, model::make_model(info.spec.model));
  std::vector<std::uint64_t> lanes;
  for (const auto& lane : info.lanes) lanes.push_back(lane.lane);
  std::vector<std::size_t> sizes;
  for (const auto& tensor : model->tensors()) sizes.push_back(tensor.size());
  Placement placement(lanes, sizes, model->tables().size());
  return Plan{std::move(model), std::move(placement)};
}

// One lane that is asked, one answer at a time.
class LaneLink {
 public:
  // Errors: unavailable (nobody there; the address is none).
  static Result<std::unique_ptr<LaneLink>> open(net::Context& context,
                                                const wire::JobInfo& info,
                                                std::size_t lane,
                                                const ParamsOptions& options) {
    try {
      auto link = std::make_unique<LaneLink>(context, info, lane, options);
      PSM_DO(link->requester_.connect(options.timeout));
      return link;
    } catch (const Failure& failure) {
      return error(Code::unavailable, "lane {}: {}", info.lanes[lane].lane,
                   failure.what());
    }
  }

  LaneLink(net::Context& context, const wire::JobInfo& info, std::size_t lane,
           const ParamsOptions& options)
      : info_(info),
        options_(options),
        requester_(context, {.address = info.lanes[lane].address,
                             .who = format("lane {}", info.lanes[lane].lane),
                             .wake_fd = options.wake_fd}) {}

  // Each try has a number of its own: a late answer to one before is told from
  // the answer that is waited for.
  template <class Answer, class Request>
  Result<wire::Message> ask(Request request, std::vector<Blob> blobs = {}) {
    request.job = info_.job;
    request.recovery = info_.recovery;
    request.placement = info_.placement;
    for (int left = options_.try_max;; --left) {
      request.seq = ++seq_;
      PSM_DO(send({request, blobs}));
      auto message = answer<Answer>();
      if (message || !silent(message.error())) return message;
      if (left <= 1) {
        return error(Code::unavailable, "{}, {} times", message.error().message,
                     options_.try_max);
      }
    }
  }

  Error wrong_shape() const {
    return error(Code::corrupt, "{} sent weights of another shape",
                 requester_.address());
  }

 private:
  static bool silent(const Error& why) {
    return why.code == Code::timed_out && why.message != "interrupted";
  }

  // A connection that was cut gets the time to come back.
  Status send(const wire::Message& message) {
    auto sent = requester_.send(message);
    if (sent || sent.error().code != Code::unavailable) return sent;
    PSM_DO(requester_.connect(options_.timeout));
    return requester_.send(message);
  }

  template <class Answer>
  Result<wire::Message> answer() {
    const auto until = SteadyClock().now() + options_.timeout;
    while (true) {
      const auto left = std::max(Duration(0), until - SteadyClock().now());
      PSM_TRY(auto message, requester_.receive(left));
      const auto* no = std::get_if<wire::Refused>(&message.body);
      const auto* yes = std::get_if<Answer>(&message.body);
      const auto seq = no ? no->seq : yes ? yes->seq : seq_;
      if (seq != 0 && seq < seq_) continue;
      if (no) return std::move(error_of(*no)).at(requester_.address());
      if (yes && seq == seq_) return message;
      return error(Code::corrupt, "{} answered something else",
                   requester_.address());
    }
  }

  const wire::JobInfo& info_;
  const ParamsOptions options_;
  net::Requester requester_;
  std::uint64_t seq_ = 0;
};

Status fetch_dense(LaneLink& link, std::span<const placement::Range> ranges,
                   Weights& out) {
  const auto count = static_cast<std::uint32_t>(ranges.size());
  for (std::uint32_t begin = 0; begin < count; begin += kRangesAtOnce) {
    wire::Fetch fetch;
    fetch.dense = true;
    fetch.range_begin = begin;
    fetch.range_end = std::min(begin + kRangesAtOnce, count);
    PSM_TRY(const auto got, link.ask<wire::FetchOk>(fetch));
    if (got.blobs.size() != fetch.range_end - begin) return link.wrong_shape();
    for (std::uint32_t i = begin; i < fetch.range_end; ++i) {
      const auto bytes = got.blobs[i - begin].bytes();
      if (bytes.size() != ranges[i].size() * sizeof(float)) {
        return link.wrong_shape();
      }
      std::memcpy(out.dense[ranges[i].tensor].data() + ranges[i].begin,
                  bytes.data(), bytes.size());
    }
  }
  return Done{};
}

Status fetch_table(LaneLink& link, std::size_t width, Weights& out) {
  for (std::uint32_t begin = 0; begin < kBucketCount; begin += kBucketsAtOnce) {
    wire::Fetch fetch;
    fetch.bucket_begin = begin;
    fetch.bucket_end = std::min(begin + kBucketsAtOnce, kBucketCount);
    PSM_TRY(const auto got, link.ask<wire::FetchOk>(fetch));
    if (got.blobs.size() != 2) return link.wrong_shape();
    const auto keys = got.blobs[0].values<std::uint64_t>();
    const auto values = got.blobs[1].values<float>();
    if (values.size() != keys.size() * width) return link.wrong_shape();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto row = std::span(values).subspan(i * width, width);
      if (std::ranges::all_of(row, [](float w) { return w == 0; })) continue;
      out.key.push_back(keys[i]);
      out.table.insert(out.table.end(), row.begin(), row.end());
    }
  }
  return Done{};
}

// Rows by key, ascending. False: a key came twice.
bool sort_rows(Weights& weights, std::size_t width) {
  std::vector<std::size_t> order(weights.key.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return weights.key[i]; });
  std::vector<std::uint64_t> key;
  std::vector<float> table;
  key.reserve(order.size());
  table.reserve(weights.table.size());
  for (const auto i : order) {
    if (!key.empty() && key.back() == weights.key[i]) return false;
    key.push_back(weights.key[i]);
    const auto* row = weights.table.data() + i * width;
    table.insert(table.end(), row, row + width);
  }
  weights.key = std::move(key);
  weights.table = std::move(table);
  return true;
}

Status put_dense(LaneLink& link, std::span<const placement::Range> ranges,
                 const Weights& weights) {
  const auto count = static_cast<std::uint32_t>(ranges.size());
  for (std::uint32_t begin = 0; begin < count; begin += kRangesAtOnce) {
    wire::Put put;
    put.dense = true;
    put.range_begin = begin;
    put.range_end = std::min(begin + kRangesAtOnce, count);
    std::vector<Blob> blobs;
    for (std::uint32_t i = begin; i < put.range_end; ++i) {
      const auto* first = weights.dense[ranges[i].tensor].data();
      blobs.push_back(Blob::of(
          std::vector<float>(first + ranges[i].begin, first + ranges[i].end)));
    }
    PSM_TRY(const auto ok, link.ask<wire::PutOk>(put, std::move(blobs)));
    (void)ok;
  }
  return Done{};
}

Status put_rows(LaneLink& link, const Placement& placement, std::size_t lane,
                std::size_t width, const Weights& weights) {
  std::vector<std::uint64_t> key;
  std::vector<float> value;
  const auto flush = [&]() -> Status {
    if (key.empty()) return Done{};
    std::vector<Blob> blobs = {Blob::of(std::exchange(key, {})),
                               Blob::of(std::exchange(value, {}))};
    PSM_TRY(const auto ok,
            link.ask<wire::PutOk>(wire::Put{}, std::move(blobs)));
    (void)ok;
    return Done{};
  };
  for (std::size_t i = 0; i < weights.key.size(); ++i) {
    if (placement.lane_of(0, weights.key[i]) != lane) continue;
    key.push_back(weights.key[i]);
    const auto* row = weights.table.data() + i * width;
    value.insert(value.end(), row, row + width);
    if (value.size() + key.size() >= kFloatsAtOnce) PSM_DO(flush());
  }
  return flush();
}

}  // namespace

Result<Weights> fetch_weights(net::Context& context, const wire::JobInfo& info,
                              const ParamsOptions& options) {
  PSM_TRY(const auto plan, plan_of(info));
  Weights out;
  for (const auto& tensor : plan.model->tensors()) {
    out.dense.emplace_back(tensor.size());
  }
  const auto& tables = plan.model->tables();
  for (std::size_t lane = 0; lane < info.lanes.size(); ++lane) {
    PSM_TRY(const auto link, LaneLink::open(context, info, lane, options));
    PSM_DO(fetch_dense(*link, plan.placement.ranges(lane), out));
    if (!tables.empty()) PSM_DO(fetch_table(*link, tables[0].width, out));
  }
  if (!tables.empty() && !sort_rows(out, tables[0].width)) {
    return error(Code::corrupt, "two lanes hold the same key");
  }
  return out;
}

Status put_weights(net::Context& context, const wire::JobInfo& info,
                   const Weights& weights, const ParamsOptions& options) {
  PSM_TRY(const auto plan, plan_of(info));
  const auto& tensors = plan.model->tensors();
  const auto& tables = plan.model->tables();
  bool fits = weights.dense.size() == tensors.size() &&
              (!tables.empty() || weights.key.empty());
  for (std::size_t i = 0; fits && i < tensors.size(); ++i) {
    fits = weights.dense[i].size() == tensors[i].size();
  }
  if (!fits || (!tables.empty() &&
                weights.table.size() != weights.key.size() * tables[0].width)) {
    return error(Code::invalid, "the weights do not fit the model");
  }
  for (std::size_t lane = 0; lane < info.lanes.size(); ++lane) {
    PSM_TRY(const auto link, LaneLink::open(context, info, lane, options));
    PSM_DO(put_dense(*link, plan.placement.ranges(lane), weights));
    if (!tables.empty()) {
      PSM_DO(put_rows(*link, plan.placement, lane, tables[0].width, weights));
    }
    wire::Put last;
    last.last = true;
    PSM_TRY(const auto ok, link->ask<wire::PutOk>(last));
    (void)ok;
  }
  return Done{};
}

}  // namespace psmith::client
