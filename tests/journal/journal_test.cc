#include "journal/journal.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "base/rng.h"
#include "tests/support/temp_dir.h"

namespace psmith::journal {
namespace {

using Kind = sched::Record::Kind;

sched::Record record(Kind kind, std::uint64_t id, std::string_view text) {
  const auto view = as_bytes(text);
  return {kind, id, {view.begin(), view.end()}};
}

std::string text_of(const sched::Record& record) {
  return {reinterpret_cast<const char*>(record.bytes.data()),
          record.bytes.size()};
}

Journal open(const support::TempDir& folder) {
  auto journal = Journal::open(folder / "state");
  REQUIRE(journal);
  return std::move(*journal);
}

// The SQL as another program runs it. Nobody has the journal open.
void change(const support::TempDir& folder, const char* sql) {
  sqlite3* db = nullptr;
  const auto path = (folder / "state/journal.sqlite").string();
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

TEST_CASE("a journal gives back what was appended, the newest", "[journal]") {
  const support::TempDir folder;
  {
    auto journal = open(folder);
    REQUIRE(journal.replay()->empty());
    REQUIRE(journal.append({record(Kind::job, 7, "one"),
                            record(Kind::spec, 7, "spec"),
                            record(Kind::node, 2, "node")}));
    REQUIRE(journal.append({}));
    REQUIRE(journal.append(
        {record(Kind::job, 7, "two"), record(Kind::event, 300, "event"),
         record(Kind::master, 0, "master"), record(Kind::node, 2, "")}));
  }
  auto records = open(folder).replay();
  REQUIRE(records);
  REQUIRE(records->size() == 4);
  REQUIRE(records->at(0).kind == Kind::master);
  REQUIRE(records->at(1).kind == Kind::job);
  REQUIRE(records->at(1).id == 7);
  REQUIRE(text_of(records->at(1)) == "two");
  REQUIRE(text_of(records->at(2)) == "spec");
  REQUIRE(records->at(3).id == 300);
}

TEST_CASE("one process has a journal at a time", "[journal]") {
  const support::TempDir folder;
  {
    const auto journal = open(folder);
    auto second = Journal::open(folder / "state");
    REQUIRE_FALSE(second);
    REQUIRE(second.error().code == Code::unavailable);
    REQUIRE(second.error().message.find("is in use") != std::string::npos);
  }
  REQUIRE(Journal::open(folder / "state"));
}

TEST_CASE("what is no journal of this version is refused", "[journal]") {
  const support::TempDir folder;
  (void)open(folder);
  std::string reason;
  SECTION("a newer one") {
    change(folder, "PRAGMA user_version = 2");
    reason = "is of version 2, and this psmith writes version 1";
  }
  SECTION("another program's") {
    change(folder, "PRAGMA application_id = 5");
    reason = "no journal of psmith";
  }
  SECTION("a damaged one") {
    std::ofstream(folder / "state/journal.sqlite") << "not a database at all";
    reason = "is damaged, or no journal";
  }
  auto journal = Journal::open(folder / "state");
  REQUIRE_FALSE(journal);
  REQUIRE(journal.error().code == Code::corrupt);
  REQUIRE(journal.error().message.find(reason) != std::string::npos);
  REQUIRE(journal.error().message.find("journal.sqlite") != std::string::npos);
}

TEST_CASE("a folder that cannot be made is named", "[journal]") {
  const support::TempDir folder;
  std::ofstream(folder / "file") << "x";
  auto journal = Journal::open(folder / "file/state");
  REQUIRE_FALSE(journal);
  REQUIRE(journal.error().message.find("file/state") != std::string::npos);
}

// Replayed, a journal is the map that its records describe.
TEST_CASE("random records end as a map of them does", "[journal]") {
  const support::TempDir folder;
  std::map<std::pair<Kind, std::uint64_t>, std::string> map;
  Rng rng(5);
  for (int life = 0; life < 5; ++life) {
    auto journal = open(folder);
    for (int turn = 0; turn < 20; ++turn) {
      sched::Records records;
      for (auto n = rng.below(6); n != 0; --n) {
        const auto kind = sched::kRecordKinds[rng.below(5)];
        const auto id = rng.below(8);
        std::string text(rng.below(3) * rng.below(5000), 'x');
        records.push_back(record(kind, id, text));
        if (text.empty()) {
          map.erase({kind, id});
        } else {
          map[{kind, id}] = text;
        }
      }
      REQUIRE(journal.append(records));
    }
    decltype(map) read;
    const auto records = journal.replay().value(1);
    for (const auto& each : records) read[{each.kind, each.id}] = text_of(each);
    REQUIRE(read == map);
  }
}

}  // namespace
}  // namespace psmith::journal
