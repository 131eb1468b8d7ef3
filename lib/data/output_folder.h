// OutputFolder: a folder that appears whole, under its name, or not at all.
// Files go to a temporary folder beside the target; commit() renames it.
// Without commit() the temporary folder is removed. One thread.
#pragma once

#include <filesystem>

#include "base/path.h"
#include "base/result.h"

namespace psmith::data {

class OutputFolder {
 public:
  // replace: an existing dataset (or empty folder) gives way at commit();
  // otherwise the target must not exist. Errors: conflict (73); name the path.
  static Result<OutputFolder> create(const std::filesystem::path& target,
                                     bool replace);

  OutputFolder(OutputFolder&& other) noexcept;
  OutputFolder& operator=(OutputFolder&&) = delete;
  ~OutputFolder();

  // Where to write until commit().
  const std::filesystem::path& path() const { return temporary_; }

  // Errors: conflict (the target appeared meanwhile), unavailable.
  Status commit(Durable durable = Durable::yes);

  // Removes what was not committed, as the destructor does.
  void discard() noexcept;

  // The rename of a file system that can neither refuse to replace nor
  // exchange: what is replaced is out of the way for a moment, and comes back
  // if the rename fails. Errors: conflict.
  static Status move_to(const std::filesystem::path& target,
                        const std::filesystem::path& folder, bool replace);

 private:
  OutputFolder() = default;

  std::filesystem::path target_, temporary_;
  bool replace_ = false;
};

}  // namespace psmith::data
