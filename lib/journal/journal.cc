#include "journal/journal.h"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include "base/format.h"
#include "journal/schema.h"

namespace psmith::journal {

using sched::Record;

struct Journal::Impl {
  explicit Impl(std::string file) : path(std::move(file)) {}
  ~Impl() {
    for (auto* statement : put) sqlite3_finalize(statement);
    for (auto* statement : drop) sqlite3_finalize(statement);
    sqlite3_close(db);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Error failure() const {
    const int code = sqlite3_errcode(db) & 0xFF;
    switch (code) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return error(
            Code::unavailable,
            "{} is in use\nhint: is another master running? Each needs "
            "a --state of its own",
            path);
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        return error(Code::corrupt,
                     "{} is damaged, or no journal: {}\nhint: put a copy back, "
                     "or move it away to begin with an empty one",
                     path, sqlite3_errmsg(db));
      case SQLITE_FULL:
        return error(Code::exhausted, "{}: no space is left", path);
      case SQLITE_ERROR:
        return error(Code::corrupt, "{} is damaged: {}", path,
                     sqlite3_errmsg(db));
      default:
        return error(Code::unavailable, "{}: {}", path, sqlite3_errmsg(db));
    }
  }

  Status run(const char* sql) {
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK) {
      return Done{};
    }
    return failure();
  }

  Result<std::int64_t> number(const char* sql) {
    PSM_TRY(auto* const statement, prepare(sql));
    const int state = sqlite3_step(statement);
    const std::int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (state != SQLITE_ROW) return failure();
    return value;
  }

  Result<sqlite3_stmt*> prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db, sql.c_str(), static_cast<int>(sql.size()) + 1,
                           &statement, nullptr) != SQLITE_OK) {
      return failure();
    }
    return statement;
  }

  Status start();
  Status check_schema();
  Status write(const Record& record);
  Status read(Record::Kind kind, sched::Records& out);

  const std::string path;
  sqlite3* db = nullptr;
  std::array<sqlite3_stmt*, std::size(sched::kRecordKinds)> put{}, drop{};
};

// The lock is taken at once and kept: two masters with one journal would give
// every number twice.
Status Journal::Impl::start() {
  if (sqlite3_open_v2(path.c_str(), &db,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                      nullptr) != SQLITE_OK) {
    return failure();
  }
  sqlite3_extended_result_codes(db, 1);
  PSM_DO(run("PRAGMA locking_mode=EXCLUSIVE"));
  PSM_DO(run("PRAGMA journal_mode=WAL"));
  PSM_DO(run("PRAGMA synchronous=FULL"));
  PSM_DO(run("BEGIN EXCLUSIVE; COMMIT"));
  PSM_DO(check_schema());
  for (const auto kind : sched::kRecordKinds) {
    const auto i = static_cast<std::size_t>(kind);
    PSM_TRY(put.at(i),
            prepare(format("INSERT OR REPLACE INTO {} VALUES (?1, ?2)",
                           name_of(kind))));
    PSM_TRY(drop.at(i),
            prepare(format("DELETE FROM {} WHERE id = ?1", name_of(kind))));
  }
  return Done{};
}

Status Journal::Impl::check_schema() {
  PSM_TRY(const auto id, number("PRAGMA application_id"));
  PSM_TRY(const auto version, number("PRAGMA user_version"));
  PSM_TRY(const auto tables, number("SELECT count(*) FROM sqlite_schema"));
  if (id == 0 && version == 0 && tables == 0) return run(kSchema);
  if (id != kApplicationId) {
    return error(Code::corrupt, "{} is a database, but no journal of psmith",
                 path);
  }
  if (version != kSchemaVersion) {
    return error(Code::corrupt,
                 "{} is of version {}, and this psmith writes version {}", path,
                 version, kSchemaVersion);
  }
  return Done{};
}

Status Journal::Impl::write(const Record& record) {
  const bool drops = record.bytes.empty();
  auto* const statement =
      (drops ? drop : put).at(static_cast<std::size_t>(record.kind));
  sqlite3_reset(statement);
  sqlite3_bind_int64(statement, 1, static_cast<std::int64_t>(record.id));
  if (!drops) {
    sqlite3_bind_blob64(statement, 2, record.bytes.data(), record.bytes.size(),
                        SQLITE_STATIC);
  }
  const int state = sqlite3_step(statement);
  if (state != SQLITE_DONE) {
    auto why = failure();
    sqlite3_reset(statement);
    return why;
  }
  sqlite3_reset(statement);
  return Done{};
}

Status Journal::Impl::read(Record::Kind kind, sched::Records& out) {
  PSM_TRY(
      auto* const statement,
      prepare(format("SELECT id, entry FROM {} ORDER BY id", name_of(kind))));
  int state = SQLITE_ROW;
  while ((state = sqlite3_step(statement)) == SQLITE_ROW) {
    Record record;
    record.kind = kind;
    record.id = static_cast<std::uint64_t>(sqlite3_column_int64(statement, 0));
    const auto* const blob =
        static_cast<const std::byte*>(sqlite3_column_blob(statement, 1));
    const auto size = sqlite3_column_bytes(statement, 1);
    record.bytes.assign(blob, blob + size);
    out.push_back(std::move(record));
  }
  sqlite3_finalize(statement);
  if (state != SQLITE_DONE) return failure();
  return Done{};
}

Result<Journal> Journal::open(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    return error(Code::unavailable, "{}: cannot be made: {}", folder.string(),
                 failed.message());
  }
  auto impl = std::make_unique<Impl>((folder / "journal.sqlite").string());
  PSM_DO(impl->start());
  return Journal(std::move(impl));
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Result<sched::Records> Journal::replay() {
  sched::Records out;
  for (const auto kind : sched::kRecordKinds) PSM_DO(impl_->read(kind, out));
  return out;
}

Status Journal::append(const sched::Records& records) {
  if (records.empty()) return Done{};
  PSM_DO(impl_->run("BEGIN"));
  for (const auto& record : records) {
    if (auto done = impl_->write(record); !done) {
      (void)impl_->run("ROLLBACK");
      return done;
    }
  }
  return impl_->run("COMMIT");
}

}  // namespace psmith::journal
