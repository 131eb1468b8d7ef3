// manifest.json: what is taken keeps its promises, and written and read again
// it is the same.
//
// Input: mode (1 byte; odd: the text is sealed first), the text.
#include "data/manifest.h"
#include "input.h"
#include "sealed.h"

namespace psmith::fuzz {
namespace {

using data::Manifest;

void check(const Manifest& manifest) {
  PSM_CHECK(
      manifest.block_rows > 0 && manifest.block_rows <= data::kBlockRowsMax,
      "rows of a micro-batch");
  PSM_CHECK(manifest.dense == manifest.schema.dense(), "one kind of rows");
  PSM_CHECK(manifest.shards.size() <= data::kShardCountMax, "few shards");
  const auto rows = manifest.rows(false), held_out = manifest.rows(true);
  for (const auto& shard : manifest.shards) {
    PSM_CHECK(shard.rows <= (shard.holdout ? held_out : rows),
              "a sum that does not overflow");
    PSM_CHECK(shard.file.find('/') == std::string::npos && shard.file != "..",
              "a file in the folder");
  }
}

void run(Taker input) {
  const auto mode = input.byte();
  std::string text(input.rest());
  if (mode % 2 == 1) seal_if_possible(text, text);
  auto manifest = data::manifest_from_json(text);
  if (!manifest) {
    PSM_CHECK(manifest.error().code == Code::corrupt, "a refusal");
    PSM_CHECK(!manifest.error().message.empty(), "a refusal says why");
    return;
  }
  check(*manifest);
  const auto written = data::to_json(*manifest);
  auto again = data::manifest_from_json(written);
  PSM_CHECK(again.ok(), "a manifest read again");
  PSM_CHECK(again->schema == manifest->schema, "the same schema");
  PSM_CHECK(again->shards.size() == manifest->shards.size(), "all shards");
  PSM_CHECK(data::to_json(*again) == written, "the same text");
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
