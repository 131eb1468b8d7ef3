// The simulated file system that all servers reach: what was written stays,
// whoever dies; now and then a file is lost. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/format.h"
#include "store/lane_state.h"
#include "wire/job.h"

namespace psmith::sim {

class Storage {
 public:
  wire::CheckpointFile write(store::LaneState state) {
    const auto name = format("file-{}", files_.size());
    files_[name] = std::move(state);
    return {.file = name, .sha256 = name, .bytes = 1};
  }

  // False: one of them cannot be read.
  bool read(const wire::Checkpoint& checkpoint,
            std::vector<store::LaneState>& out) {
    for (const auto& file : checkpoint.files) {
      const auto found = files_.find(file.file);
      if (found == files_.end() || lost_) return false;
      out.push_back(found->second);
    }
    return true;
  }

  void lose_all() { lost_ = true; }

 private:
  std::map<std::string, store::LaneState> files_;
  bool lost_ = false;
};

}  // namespace psmith::sim
