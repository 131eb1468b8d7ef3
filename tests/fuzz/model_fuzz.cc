// Saved models: one that is taken has finite weights of the right shapes, and
// is the same when it is written and read again; a worker can serve it or says
// why not.
//
// Input: mode (1 byte; odd: sealed first), the header's JSON, a NUL byte, the
// data.
#include <cmath>

#include "data/saved_model.h"
#include "input.h"
#include "node/served_model.h"
#include "sealed.h"

namespace psmith::fuzz {
namespace {

using data::SavedModel;

Blob file_of(Taker& input) {
  const auto mode = input.byte();
  const auto rest = input.rest();
  const auto header = rest.substr(0, rest.find('\0'));
  const std::uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  bytes += header;
  bytes += rest.substr(std::min(header.size() + 1, rest.size()));
  if (mode % 2 == 1) {
    seal_if_possible({bytes.data() + sizeof(length), header.size()}, bytes);
  }
  return blob_of(bytes);
}

// Weights times a scale, and back, stay as they are.
bool usual_scales(const SavedModel& model) {
  for (const auto& column : model.schema.columns) {
    if (!(column.scale > 1e-60 && column.scale < 1e60)) return false;
    if (!(std::fabs(column.mean) < 1e60)) return false;
  }
  return true;
}

void check_shapes(const SavedModel& model) {
  const auto outputs = model.settings.output_count();
  PSM_CHECK(data::finite_weights(model), "finite weights");
  PSM_CHECK(model.dense.back().size() == outputs, "a bias for each output");
  PSM_CHECK(model.table.size() == model.key.size() * outputs, "a table");
  PSM_CHECK(std::is_sorted(model.key.begin(), model.key.end()),
            "keys in order");
}

// Rows that are all zero are left out of the file.
std::size_t kept_rows(const SavedModel& model) {
  const auto outputs = model.settings.output_count();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < model.key.size(); ++i) {
    const auto* const row = model.table.data() + i * outputs;
    kept += std::any_of(row, row + outputs, [](float w) { return w != 0; });
  }
  return kept;
}

void run(Taker input) {
  auto model = data::parse_model(file_of(input));
  if (!model) {
    PSM_CHECK(model.error().code == Code::corrupt, "a refusal");
    PSM_CHECK(!model.error().message.empty(), "a refusal says why");
    return;
  }
  check_shapes(*model);
  if (usual_scales(*model)) {
    const auto bytes = data::serialise(*model);
    auto again = data::parse_model(Blob::of(bytes));
    PSM_CHECK(again.ok(), "a model read again");
    PSM_CHECK(again->digest == model->digest, "the same digest");
    PSM_CHECK(again->dense == model->dense, "the same weights");
    PSM_CHECK(again->key.size() == kept_rows(*model), "the rows that count");
    PSM_CHECK(data::serialise(*again) == bytes, "the same bytes");
  }
  const auto served = node::ServedModel::make(std::move(*model));
  (void)served.ok();
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
