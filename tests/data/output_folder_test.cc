#include "data/output_folder.h"

#include <catch2/catch.hpp>

#include "data/manifest.h"
#include "tests/support/cluster_data.h"
#include "tests/support/temp_dir.h"

namespace psmith::data {
namespace {

using support::read_text;
using support::TempDir;
using support::write_text;

// A dataset of one shard, whose manifest names it.
std::string make_dataset(const std::filesystem::path& folder) {
  (void)support::write_sparse_data(folder);
  return read_text(folder / kManifestName);
}

}  // namespace

TEST_CASE("an output folder appears whole at commit", "[data]") {
  const TempDir dir;
  {
    auto folder = OutputFolder::create(dir / "out/", false);
    REQUIRE(folder.ok());
    write_text(folder->path() / "file", "new");
    REQUIRE_FALSE(std::filesystem::exists(dir / "out"));
    REQUIRE(folder->commit().ok());
  }
  REQUIRE(read_text(dir / "out/file") == "new");
  REQUIRE(dir.entry_count() == 1);
}

TEST_CASE("without commit nothing is left", "[data]") {
  const TempDir dir;
  {
    auto folder = OutputFolder::create(dir / "out", false);
    REQUIRE(folder.ok());
    write_text(folder->path() / "file", "new");
  }
  REQUIRE(dir.entry_count() == 0);
}

TEST_CASE("what exists stays, unless it is a dataset to replace", "[data]") {
  const TempDir dir;
  const auto old = make_dataset(dir / "out");
  auto refused = OutputFolder::create(dir / "out", false);
  REQUIRE(refused.error().code == Code::conflict);
  REQUIRE(refused.error().message == "cannot create " + (dir / "out").string() +
                                         ": it exists\n"
                                         "hint: --force replaces it");
  {
    auto folder = OutputFolder::create(dir / "out", true);
    REQUIRE(folder.ok());
    write_text(folder->path() / "manifest.json", "new");
    REQUIRE(read_text(dir / "out/manifest.json") == old);
    REQUIRE(folder->commit().ok());
  }
  REQUIRE(read_text(dir / "out/manifest.json") == "new");
  REQUIRE(dir.entry_count() == 1);
  std::filesystem::create_directory(dir / "other");
  write_text(dir / "other/precious", "");
  auto foreign = OutputFolder::create(dir / "other", true);
  REQUIRE(foreign.error().message.starts_with("cannot replace "));
  write_text(dir / "other/manifest.json", "{\"name\": \"a web page\"}");
  auto web = OutputFolder::create(dir / "other", true);
  REQUIRE(web.error().message.starts_with("cannot replace "));
  (void)make_dataset(dir / "mixed");
  write_text(dir / "mixed/notes.txt", "mine");
  auto mixed = OutputFolder::create(dir / "mixed", true);
  REQUIRE(mixed.error().message.find("'notes.txt'") != std::string::npos);
  auto nowhere = OutputFolder::create(dir / "no/out", false);
  REQUIRE(nowhere.error().code == Code::conflict);
}

TEST_CASE("without flags of rename, what exists is still safe", "[data]") {
  const TempDir dir;
  const auto folder = dir / "new", target = dir / "out";
  std::filesystem::create_directory(folder);
  write_text(folder / "manifest.json", "new");
  std::filesystem::create_directory(target);
  write_text(target / "precious", "");
  for (const bool replace : {false, true}) {
    auto refused = OutputFolder::move_to(target, folder, replace);
    REQUIRE(refused.error().code == Code::conflict);
    REQUIRE(std::filesystem::exists(target / "precious"));
  }
  std::filesystem::remove_all(target);
  const auto old = make_dataset(target);
  auto gone = OutputFolder::move_to(target, dir / "nothing", true);
  REQUIRE(gone.error().code == Code::conflict);
  REQUIRE(read_text(target / "manifest.json") == old);
  REQUIRE(OutputFolder::move_to(target, folder, true).ok());
  REQUIRE(read_text(target / "manifest.json") == "new");
  REQUIRE(dir.entry_count() == 1);
  REQUIRE(OutputFolder::move_to(dir / "other", target, false).ok());
  REQUIRE(read_text(dir / "other/manifest.json") == "new");
}

TEST_CASE("a target that appears meanwhile is not replaced", "[data]") {
  const TempDir dir;
  auto folder = OutputFolder::create(dir / "out", false);
  REQUIRE(folder.ok());
  std::filesystem::create_directory(dir / "out");
  auto status = folder->commit();
  REQUIRE_FALSE(status.ok());
  REQUIRE(status.error().code == Code::conflict);
}

}  // namespace psmith::data
