#include "node/lane_room.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "base/format.h"
#include "base/path.h"
#include "optim/optimizer.h"
#include "store/job_shape.h"

namespace psmith::node {
namespace {

constexpr std::string_view kField = "MemAvailable:";

// 0: the kernel does not say.
std::uint64_t available_bytes() {
  auto text = read_small_file("/proc/meminfo", std::size_t{1} << 16);
  if (!text) return 0;
  const auto at = text->find(kField);
  if (at == std::string::npos) return 0;
  const auto begin = text->find_first_not_of(' ', at + kField.size());
  if (begin == std::string::npos) return 0;
  std::uint64_t kib = 0;
  std::from_chars(text->data() + begin, text->data() + text->size(), kib);
  return kib * 1024;
}

Status check_folder(const std::string& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return error(Code::conflict,
                 "checkpoint folder {}: there is no such folder", folder);
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return error(Code::conflict, "checkpoint folder {}: {}", folder,
                 errno_text(errno));
  }
  return Done{};
}

}  // namespace

std::uint64_t dense_bytes(const wire::JobRecord& record,
                          std::span<const std::size_t> lanes) {
  const auto model = model::make_model(record.spec.model).value(78);
  const auto optimizer = optim::make_optimizer(record.spec.optimizer).value(78);
  const auto place = store::placement_of(record, *model);
  std::uint64_t weights = 0;
  for (const auto lane : lanes) {
    for (const auto& range : place.ranges(lane)) weights += range.size();
  }
  const auto slots = optimizer->slot_count();
  const bool copies = !record.spec.checkpoint_folder.empty();
  return weights * sizeof(float) * (3 + slots + (copies ? 1 + slots : 0));
}

Status has_room(const wire::JobRecord& record,
                std::span<const std::size_t> lanes) {
  const auto& folder = record.spec.checkpoint_folder;
  if (!folder.empty()) PSM_DO(check_folder(folder));
  const auto need = dense_bytes(record, lanes);
  const auto available = available_bytes();
  if (available == 0 || need <= available / 10 * 9) return Done{};
  constexpr double kGiB = 1U << 30;
  return error(Code::exhausted,
               "the model needs {:.1f} GiB of memory on this server, which has "
               "{:.1f}",
               static_cast<double>(need) / kGiB,
               static_cast<double>(available) / kGiB);
}

}  // namespace psmith::node
