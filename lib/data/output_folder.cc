#include "data/output_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/format.h"
#include "base/path.h"
#include "data/manifest.h"
#include "data/number.h"

namespace psmith::data {
namespace {

namespace fs = std::filesystem;

Error cannot_create(const fs::path& path, int number) {
  return error(Code::conflict, "cannot create {}: {}", path.string(),
               errno_text(number));
}

// What stands at the target may be replaced: a dataset or an empty folder.
Status check_target(const fs::path& target, bool replace) {
  std::error_code fault;
  const auto status = fs::symlink_status(target, fault);
  if (status.type() == fs::file_type::not_found) return Done{};
  if (fault) return cannot_create(target, fault.value());
  if (!replace) {
    return error(Code::conflict,
                 "cannot create {}: it exists\nhint: --force replaces it",
                 target.string());
  }
  const bool folder = status.type() == fs::file_type::directory;
  if (folder && fs::is_empty(target, fault)) return Done{};
  auto manifest = folder ? read_manifest(target) : Error{Code::invalid, {}};
  if (!manifest) {
    return error(Code::conflict,
                 "cannot replace {}: it is not a dataset\nhint: remove it "
                 "yourself, or choose another name",
                 target.string());
  }
  // Whatever else is in there is not ours to delete.
  for (const auto& entry : fs::directory_iterator(target, fault)) {
    const auto name = entry.path().filename().string();
    const bool ours =
        name == kManifestName ||
        std::any_of(manifest->shards.begin(), manifest->shards.end(),
                    [&](const auto& shard) { return shard.file == name; });
    if (ours && entry.symlink_status(fault).type() == fs::file_type::regular) {
      continue;
    }
    return error(Code::conflict,
                 "cannot replace {}: it holds {}, which is not of the dataset"
                 "\nhint: move it away, or choose another name",
                 target.string(), in_quotes(name));
  }
  if (fault) return cannot_create(target, fault.value());
  return Done{};
}

// ".NAME.XXXX" beside the target, for as long a name as a file may have.
std::string name_beside(const fs::path& target, std::string_view suffix) {
  const auto name = "." + target.filename().string().substr(0, 200);
  return (folder_of(target) / (name + std::string(suffix))).string();
}

}  // namespace

Result<OutputFolder> OutputFolder::create(const fs::path& target,
                                          bool replace) {
  OutputFolder out;
  out.target_ = target;
  out.replace_ = replace;
  if (!out.target_.has_filename()) out.target_ = out.target_.parent_path();
  if (out.target_.empty()) {
    return error(Code::conflict, "cannot create a folder without a name");
  }
  PSM_DO(check_target(out.target_, replace));
  auto name = name_beside(out.target_, ".XXXXXX");
  if (::mkdtemp(name.data()) == nullptr) {
    return cannot_create(out.target_, errno);
  }
  out.temporary_ = name;
  const auto mask = ::umask(0);
  ::umask(mask);
  if (::chmod(name.c_str(), 0777 & ~mask) != 0) {
    return cannot_create(out.target_, errno);
  }
  return out;
}

OutputFolder::OutputFolder(OutputFolder&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      replace_(other.replace_) {}

OutputFolder::~OutputFolder() { discard(); }

void OutputFolder::discard() noexcept {
  std::error_code ignored;  // nobody is left to tell
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
  temporary_.clear();
}

Status OutputFolder::commit(Durable durable) {
  const auto rename = [&](unsigned flags) {
    return ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(),
                       flags);
  };
  bool exchanged = false;
  int status = rename(RENAME_NOREPLACE);
  if (status != 0 && errno == EEXIST && replace_) {
    PSM_DO(check_target(target_, true));
    status = rename(RENAME_EXCHANGE);
    exchanged = status == 0;
  }
  if (status != 0 && errno == EINVAL) {
    PSM_DO(move_to(target_, temporary_, replace_));
    status = 0;
  }
  if (status != 0) return cannot_create(target_, errno);
  if (exchanged) {
    std::error_code ignored;  // what was replaced; the new one is in place
    fs::remove_all(temporary_, ignored);
  }
  temporary_.clear();
  if (durable == Durable::no) return Done{};
  return sync_folder(folder_of(target_));
}

Status OutputFolder::move_to(const fs::path& target, const fs::path& folder,
                             bool replace) {
  PSM_DO(check_target(target, replace));
  std::error_code fault;
  if (!fs::exists(fs::symlink_status(target, fault))) {
    fs::rename(folder, target, fault);
    return fault ? Status(cannot_create(target, fault.value())) : Done{};
  }
  auto old = name_beside(target, ".old.XXXXXX");
  if (::mkdtemp(old.data()) == nullptr) return cannot_create(target, errno);
  fs::rename(target, old, fault);  // a folder may replace an empty one
  if (fault) return cannot_create(target, fault.value());
  fs::rename(folder, target, fault);
  if (fault) {
    std::error_code ignored;
    fs::rename(old, target, ignored);
    return cannot_create(target, fault.value());
  }
  fs::remove_all(old, fault);  // the new one is in place
  return Done{};
}

}  // namespace psmith::data
