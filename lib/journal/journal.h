// Journal: the master's records on disk, in one SQLite database
// (psmith-formats(5)).
//
// append() is one transaction: all of its records or none survive a crash of
// the process or the machine (write-ahead log, synchronous=FULL). A failed
// append is not tried again: SQLite cannot tell what the disk holds after an
// fsync that failed. One process has it open at a time. One thread.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "sched/record.h"

namespace psmith::journal {

class Journal {
 public:
  // Opens FOLDER/journal.sqlite, or makes it, and FOLDER. Errors: unavailable
  // (it cannot be made, read or written, or another process has it), corrupt
  // (it is damaged, not a journal, or of a newer psmith). Each names the file.
  static Result<Journal> open(const std::filesystem::path& folder);

  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();

  // All entries, by kind and id. Errors: unavailable, corrupt.
  Result<sched::Records> replay();

  // Errors: exhausted (no space), unavailable (any other I/O error).
  Status append(const sched::Records& records);

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace psmith::journal
