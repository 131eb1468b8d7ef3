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

// The lane as it is now.
LaneCopy copy_lane(const store::Lane& lane);

// Errors: as file writing has them; the target is then not there.
Result<LaneFile> write_lane_file(const LaneCopy& copy);

// All of a lane's state but its tensors, as metadata, and back. Errors:
// corrupt.
void describe(const store::LaneState& state, file::Metadata& out);
Status read_description(const file::Metadata& metadata, store::LaneState& out);

// What a file of a checkpoint holds; it stays mapped while that lives. Errors:
// not_found, unavailable, corrupt (it is damaged, or of another model); each
// names the file.
Result<store::LaneState> read_lane_file(const std::string& folder,
                                        const wire::CheckpointFile& file,
                                        const model::Model& model);

}  // namespace psmith::node
