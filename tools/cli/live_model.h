// Models as commands name them: a file, - for standard input, or @NAME, live
// on a cluster's servers. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "client/master_client.h"
#include "console.h"
#include "data/saved_model.h"
#include "net/context.h"

namespace psmith::cli {

// A model, and the bytes of its file.
struct LoadedModel {
  data::SavedModel model;
  Blob bytes;
};

// Fetches a finished job's weights from its lanes and completes them with the
// header that was submitted and the metrics of the job's end. digest is filled
// in. Throws Failure: 69 a lane is gone, 1 the weights are not finite.
LoadedModel fetch_model(net::Context& context, const wire::JobInfo& info,
                        int wake_fd);

// The job whose model is live under this name ("ctr", "@ctr") or number.
// Throws Failure: 2, 66 there is none.
wire::JobInfo find_live(client::MasterClient& master, const std::string& word);

// FILE, or -. Throws Failure: 66 there is none, 65 it is damaged, 74 it cannot
// be read.
LoadedModel open_model(const std::string& path);

// FILE, -, or @NAME at `master` (an address, or empty: an error then). Throws
// Failure: those of open_model(), find_live() and fetch_model(); 69 no cluster.
LoadedModel load_model(const std::string& word, const std::string& master,
                       Console& console);

// Throws Failure (2): MODEL and one of INPUT... are both standard input.
void check_stdin(const std::string& model,
                 const std::vector<std::string>& inputs);

}  // namespace psmith::cli
