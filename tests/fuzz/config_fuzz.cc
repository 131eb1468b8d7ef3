// config.toml: what is read has a place in the file, and is taken by a
// program's options or refused with that place.
//
// Input: the text.
#include "config.h"
#include "input.h"
#include "status.h"

namespace psmith::fuzz {
namespace {

// What `origin` begins with must be "PATH:LINE", a line of the text.
void check_place(std::string_view origin, const std::string& path,
                 std::string_view text) {
  PSM_CHECK(origin.starts_with(path + ":"), "the file's name");
  const std::string rest(origin.substr(path.size() + 1));
  const auto line = std::strtoull(rest.c_str(), nullptr, 10);
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  PSM_CHECK(line >= 1 && line <= static_cast<std::uint64_t>(lines),
            "a line of the file");
}

// A program with an option of each kind.
void apply(const std::vector<cli::Setting>& settings) {
  CLI::App app("a program", "psctl");
  std::string master;
  bool quiet = false;
  app.add_option("--master", master);
  app.add_flag("--quiet", quiet);
  auto* const train = app.add_subcommand("train");
  std::uint64_t epochs = 1;
  std::vector<std::string> ignore;
  double rate = 0;
  train->add_option("--epochs", epochs)->check(CLI::Range(1, 1000));
  train->add_option("--ignore", ignore)->delimiter(',');
  train->add_option("--rate", rate);
  const auto origins = cli::apply_outside_values(app, train, settings);
  PSM_CHECK(origins.size() <= 5, "an origin for each option");
  PSM_CHECK(epochs >= 1 && epochs <= 1000, "a value that was checked");
}

void run(Taker input) {
  const auto text = input.rest();
  static MemoryFile file;
  file.hold(text);
  const auto path = file.path();
  try {
    const auto settings = cli::read_config(path);
    for (const auto& setting : settings) {
      check_place(setting.origin, path, text);
      PSM_CHECK(
          std::count(setting.scope.begin(), setting.scope.end(), '.') <= 1,
          "[PROGRAM] or [PROGRAM.COMMAND]");
    }
    apply(settings);
  } catch (const Failure& failure) {
    PSM_CHECK(failure.status == cli::kBadConfig, "a bad configuration");
    check_place(failure.what(), path, text);
  }
}

}  // namespace
}  // namespace psmith::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psmith::fuzz::run({data, size});
  return 0;
}
