#include "node/predict_pool.h"

#include <catch2/catch.hpp>

#include "base/format.h"
#include "client/infer_client.h"
#include "data/saved_model.h"
#include "net/context.h"
#include "net/reactor.h"
#include "node/predictor.h"

using namespace psmith;
using namespace psmith::node;
using namespace std::chrono_literals;

TEST_CASE("a pool's threads answer as workers, from one model", "[node]") {
  data::SavedModel saved;
  saved.settings = {
      .kind = model::Kind::linear, .dense = true, .column_count = 1};
  saved.schema.format = data::Format::csv;
  saved.schema.columns = {{"x", 0, 1}};
  saved.dense = {{3}, {1}};
  const auto bytes = data::serialise(saved);
  Predictor predictor;
  REQUIRE(predictor.keep(saved, bytes.size()));

  net::Context context;
  PredictPool pool(context, predictor, 3);
  REQUIRE(pool.addresses().size() == 3);

  net::Reactor reactor;
  std::vector<float> out;
  client::InferClient client(
      context, reactor,
      {.settings = {}, .master = "", .workers = pool.addresses()},
      {.digest = saved.digest, .bytes = Blob::of(bytes), .output_count = 1},
      {.on_answer =
           [&](const client::InferCore::Answer& a) {
             out.push_back(a.raw.values<float>().at(0));
           },
       .on_failed = [](const Failure& f) { throw f; }});
  client.start();
  const auto until = reactor.now() + 20s;
  for (int i = 0; out.size() < 200 && reactor.now() < until;) {
    for (; i < 200 && client.open(); ++i) {
      wire::Predict request;
      request.row_count = 1;
      request.column_count = 1;
      client.submit(request,
                    {Blob::of(std::vector<float>{static_cast<float>(i)})});
    }
    reactor.turn(100ms);
  }
  REQUIRE(out.size() == 200);
  for (std::size_t i = 0; i < 200; ++i) {
    REQUIRE(out[i] == 3 * static_cast<float>(i) + 1);
  }
  REQUIRE(predictor.model_count() == 1);
}
