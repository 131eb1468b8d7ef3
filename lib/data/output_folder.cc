#include "data/output_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <system_error>
#include <utility>

#include "base/format.h"
#include "base/path.h"
#include "data/manifest.h"

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
  if (folder && (fs::exists(target / kManifestName, fault) ||
                 fs::is_empty(target, fault))) {
    return Done{};
  }
  return error(Code::conflict,
               "cannot replace {}: it is not a dataset\nhint: remove it "
               "yourself, or choose another name",
               target.string());
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
  const auto parent = out.target_.parent_path();
  auto name =
      ((parent.empty() ? fs::path(".") : parent) /
       ("." + out.target_.filename().string().substr(0, 200) + ".XXXXXX"))
          .string();
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

OutputFolder::~OutputFolder() {
  std::error_code ignored;  // nobody is left to tell
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

Status OutputFolder::commit() {
  const auto parent = target_.parent_path();
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
  if (status != 0 && errno == EINVAL) {  // a file system without the flags
    if (replace_) {
      std::error_code fault;
      fs::remove_all(target_, fault);
    }
    status = ::rename(temporary_.c_str(), target_.c_str());
  }
  if (status != 0) return cannot_create(target_, errno);
  if (exchanged) {
    std::error_code ignored;  // what was replaced; the new one is in place
    fs::remove_all(temporary_, ignored);
  }
  temporary_.clear();
  return sync_folder(parent.empty() ? fs::path(".") : parent);
}

}  // namespace psmith::data
