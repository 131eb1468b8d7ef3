// Models as commands name them: a file, or @NAME, live on a cluster's
// servers. One thread.
#pragma once

#include <string>

#include "client/master_client.h"
#include "console.h"
#include "data/saved_model.h"
#include "net/context.h"

namespace psmith::cli {

// Fetches a finished job's weights from its lanes and completes them with the
// header that was submitted and the metrics of the job's end. digest is filled
// in. Throws Failure: 69 a lane is gone, 1 the weights are not finite.
struct LiveModel {
  data::SavedModel model;
  std::vector<std::byte> bytes;  // the model file
};
LiveModel fetch_model(net::Context& context, const wire::JobInfo& info,
                      int wake_fd);

// FILE, or @NAME at `master` (an address, or empty: an error then). Throws
// Failure: 66 there is none, 65 it is damaged, 69 no cluster.
data::SavedModel load_model(const std::string& word, const std::string& master,
                            Console& console);

}  // namespace psmith::cli
