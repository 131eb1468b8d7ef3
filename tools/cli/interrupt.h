// Interrupt: SIGINT, SIGTERM and SIGHUP while a command works.
//
// The first signal makes requested() true and fd() readable; the command then
// drains in its own way. The second ends the process: registered folders are
// removed and the signal is raised again. A blocked read is interrupted
// (EINTR). One object a process; requested() and fd() from any thread.
#pragma once

#include <filesystem>
#include <memory>

namespace psmith::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const;
  int fd() const;
  // fd() is not readable any more: the command goes on to drain.
  void acknowledge();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A folder that a second signal removes with everything in it, if it is there;
// "" for none. One at a time.
class CleanedFolder {
 public:
  CleanedFolder() = default;
  ~CleanedFolder() { set({}); }
  CleanedFolder(const CleanedFolder&) = delete;
  CleanedFolder& operator=(const CleanedFolder&) = delete;
  void set(const std::filesystem::path& path);

 private:
  std::filesystem::path path_;
};

// A new folder in $TMPDIR (or /tmp), removed with everything in it at the end
// and by a second signal. Throws Failure (73).
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  CleanedFolder cleaned_;
};

}  // namespace psmith::cli
