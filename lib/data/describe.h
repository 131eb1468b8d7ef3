// What a dataset holds, and whether it is whole. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/input.h"
#include "data/manifest.h"

namespace psmith::data {

enum class Part : std::uint8_t { all, train, holdout };

struct PrintOptions {
  Part part = Part::all;
  std::uint64_t row_max = ~std::uint64_t{0};
  bool json = false;
  Stop stop = {};
};

// The rows as text (text_rows.h), in pieces of some 64 KiB, each whole lines.
// Errors: not_found, corrupt; of `write`.
Status print_rows(const std::filesystem::path& folder, const Manifest& manifest,
                  const PrintOptions& options,
                  const std::function<Status(std::string_view)>& write);

// Every byte of one shard against its digest, then its structure and labels.
// Errors: not_found, corrupt, unavailable; name the file.
Status verify_shard(const std::filesystem::path& folder,
                    const Manifest& manifest, std::size_t index);

// The manifest as one JSON object for programs: {"schema":"psmith-dataset-1",
// ...}.
std::string describe_json(const std::filesystem::path& folder,
                          const Manifest& manifest);
// The same for people: aligned lines.
std::string describe_text(const std::filesystem::path& folder,
                          const Manifest& manifest);

}  // namespace psmith::data
