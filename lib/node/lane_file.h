// A lane's checkpoint file: its dense ranges and table rows with their
// optimizer slots at one version, as safetensors (psmith-formats(5)), written
// atomically to FOLDER/NAME-JOB/vVERSION-rRECOVERY/lane-NUMBER.safetensors.
//
// Two steps, as the disk may be slow: the copy on the lane's thread, between
// two messages; the file on any thread, while the lane goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "file/safetensors.h"
#include "store/lane.h"

namespace psmith::node {

// What a file will hold. Shares dense weights with the lane, which never
// changes them in place; has all else of its own.
struct LaneCopy {
  std::filesystem::path folder;  // of all checkpoints
  std::string file;              // in it
  std::vector<Blob> held;        // what the tensors borrow
  std::vector<file::Tensor> tensors;
  file::Metadata metadata;
};

struct LaneFile {
  std::string file;  // relative to the checkpoint folder
  std::string sha256;
  std::uint64_t bytes = 0;
};

// The lane as it is now. REQUIRES: lane.weights().has(version)
LaneCopy copy_lane(const store::Lane& lane, std::uint64_t version);

// Errors: as file writing has them; the target is then not there.
Result<LaneFile> write_lane_file(const LaneCopy& copy);

}  // namespace psmith::node
