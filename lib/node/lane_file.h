// A lane's checkpoint file: its dense ranges and table rows with their
// optimizer slots at one version, as safetensors (psmith-formats(5)), written
// atomically to FOLDER/JOB/vVERSION/lane-NUMBER.safetensors. The lane's
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/lane.h"

namespace psmith::node {

struct LaneFile {
  std::string file;  // relative to the checkpoint folder
  std::string sha256;
  std::uint64_t bytes = 0;
};

// Errors: as file writing has them; the target is then not there.
Result<LaneFile> write_lane_file(const store::Lane& lane,
                                 std::uint64_t version);

}  // namespace psmith::node
