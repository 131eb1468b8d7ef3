// The journal's tables, and what marks a database as one. A change of either
// raises the version; Journal::open refuses every other one. Any thread.
#pragma once

#include <cstdint>

namespace psmith::journal {

inline constexpr std::int64_t kApplicationId = 0x70736D6A;  // "psmj"
inline constexpr std::int64_t kSchemaVersion = 1;

// One table for each kind of record; entry: a map of wire/entry.h.
inline constexpr char kSchema[] = R"(
BEGIN;
CREATE TABLE master (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE node (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE job (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE spec (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE event (id INTEGER PRIMARY KEY, entry BLOB NOT NULL);
PRAGMA application_id = 1886612842;
PRAGMA user_version = 1;
COMMIT;
)";
static_assert(kApplicationId == 1886612842);

}  // namespace psmith::journal
