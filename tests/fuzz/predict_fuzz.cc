// What a worker of inference is sent: predictions of rows that fit the model
// and of others, and models in pieces. It answers each, with as many outputs as
// there are rows.
//
// Input: a few requests: a kind (1 byte), which model (1 byte), sizes (1 byte
// each), bytes for the blobs.
#include "input.h"
#include "node/predictor.h"
#include "wire/frames.h"

namespace psmith::fuzz {
namespace {

using data::SavedModel;
using wire::Message;

constexpr int kRequestMax = 12, kLoadMax = 3;  // reading a model takes long
constexpr std::uint64_t kKeys[] = {0, 1, 2, 7, 100, ~std::uint64_t{0}};

SavedModel model_of(model::Kind kind, bool dense) {
  SavedModel model;
  auto& s = model.settings;
  s.kind = kind;
  s.dense = dense;
  s.class_count = kind == model::Kind::softmax ? 3 : 0;
  const auto outputs = s.output_count();
  const auto classes = kind == model::Kind::linear     ? 0U
                       : kind == model::Kind::logistic ? 2U
                                                       : s.class_count;
  for (std::size_t i = 0; i < classes; ++i) {
    model.classes.push_back(std::to_string(i));
  }
  if (dense) {
    s.column_count = 3;
    model.schema.format = data::Format::csv;
    model.schema.label = "y";
    for (const auto* const name : {"a", "b", "c"}) {
      model.schema.columns.push_back({.name = name});
    }
    model.dense.emplace_back(3 * outputs, 0.5F);
  } else {
    model.key.assign(std::begin(kKeys), std::end(kKeys));
    model.table.assign(model.key.size() * outputs, 2.0F);
  }
  model.dense.emplace_back(outputs, 1.0F);
  return model;
}

// The models that are served, and what each is called.
struct Served {
  node::Predictor predictor{{.model_max = 6, .byte_max = 1U << 20U}};
  std::vector<SavedModel> models;
  std::vector<std::vector<std::byte>> files;

  Served() {
    using model::Kind;
    for (const auto kind : {Kind::linear, Kind::logistic, Kind::softmax}) {
      for (const bool dense : {false, true}) {
        auto model = model_of(kind, dense);
        files.push_back(data::serialise(model));
        models.push_back(model);
      }
    }
    keep();
  }
  void keep() {
    for (std::size_t i = 0; i < models.size(); ++i) {
      PSM_CHECK(predictor.keep(models[i], files[i].size()).ok(), "a model");
    }
  }
};

template <class T>
Blob values(Taker& input, std::size_t count, std::uint64_t below) {
  std::vector<T> out(count);
  for (auto& value : out) {
    const auto byte = input.byte();
    value = byte == 255 ? static_cast<T>(input.number<std::uint32_t>())
                        : static_cast<T>(byte % below);
  }
  return Blob::of(std::move(out));
}

Message predict(Taker& input, const SavedModel& model) {
  wire::Predict request{.digest = model.digest, .seq = input.byte()};
  const auto rows = input.byte();
  const auto entries = input.byte() % 32U, keys = input.byte() % 8U;
  request.row_count = rows == 255 ? input.number<std::uint64_t>() : rows % 16U;
  Message message;
  const auto count = request.row_count % 16;
  if (model.settings.dense) {
    request.column_count = 3U + (entries == 31 ? 1U : 0U);
    message.blobs = {values<float>(input, count * 3, 200)};
  } else {
    std::vector<std::uint32_t> begin{0};
    for (std::size_t i = 0; i < count; ++i) {
      const auto step = input.byte();
      begin.push_back(begin.back() + (step == 255 ? ~0U : step % 4U));
    }
    const auto last = entries == 31 ? entries : begin.back() % 64;
    message.blobs = {values<std::uint64_t>(input, keys, 9),
                     Blob::of(std::move(begin)),
                     values<std::uint32_t>(input, last, keys + 1U),
                     values<float>(input, entries % 2 == 0 ? last : 0, 99)};
  }
  message.body = std::move(request);
  return message;
}

Message load(Taker& input, const Served& served, std::size_t which) {
  const auto& file = served.files[which];
  const auto strange = input.byte();
  const auto offset = input.number<std::uint16_t>() % (file.size() + 1);
  const auto size = std::min<std::size_t>(input.number<std::uint16_t>(),
                                          file.size() - offset);
  wire::LoadModel request{.digest = served.models[which].digest,
                          .offset = strange % 4 == 0 ? 0 : offset,
                          .total = file.size()};
  if (strange % 8 == 1) request.total = input.number<std::uint64_t>();
  if (strange % 8 == 2) request.digest = std::string(input.text(4));
  std::vector<std::byte> piece(
      file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
  if (strange % 8 == 3 && size > 0) piece[0] ^= std::byte{1};
  return {std::move(request), {Blob::of(std::move(piece))}};
}

void check_answer(const Message& request, const Message& answer,
                  const SavedModel& model) {
  if (const auto* refused = std::get_if<wire::Refused>(&answer.body)) {
    PSM_CHECK(!refused->code.empty() && !refused->text.empty(), "a reason");
    return;
  }
  const auto* predict = std::get_if<wire::Predict>(&request.body);
  if (predict == nullptr) {
    const auto* ok = std::get_if<wire::LoadModelOk>(&answer.body);
    const auto& load = std::get<wire::LoadModel>(request.body);
    PSM_CHECK(ok != nullptr && ok->received <= load.total, "how far it came");
    return;
  }
  const auto* ok = std::get_if<wire::PredictOk>(&answer.body);
  PSM_CHECK(ok != nullptr && ok->seq == predict->seq, "the answer to it");
  PSM_CHECK(answer.blobs.size() == 1 &&
                answer.blobs[0].size() == predict->row_count * sizeof(float) *
                                              model.settings.output_count(),
            "the outputs of each row");
}

void run(Taker input) {
  static Served served;
  int loads = 0;
  for (int i = 0; i < kRequestMax && !input.rest().empty(); ++i) {
    const auto kind = input.byte();
    const auto which = input.byte() % served.models.size();
    const auto& model = served.models[which];
    const bool load_next = kind % 4 == 0 && loads < kLoadMax;
    loads += load_next ? 1 : 0;
    const auto request =
        load_next ? load(input, served, which) : predict(input, model);
    check_answer(request, served.predictor.on(request), model);
  }
  PSM_CHECK(served.predictor.model_count() <= 6, "as many models as allowed");
  if (loads > 0) served.keep();  // others may have taken their place
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
