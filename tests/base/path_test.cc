#include "base/path.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "tests/support/temp_dir.h"

namespace psmith {
namespace {

using support::read_text;
using support::TempDir;
using support::write_text;

std::string text_of(const Blob& blob) {
  const auto bytes = blob.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

AtomicFile created(const std::filesystem::path& path) {
  return AtomicFile::create(path).value(1);
}

}  // namespace

TEST_CASE("a file appears whole at commit and not before", "[base]") {
  const TempDir dir;
  const auto path = dir / "out";
  auto file = created(path);
  REQUIRE(file.write(as_bytes("hello ")).ok());
  REQUIRE_FALSE(std::filesystem::exists(path));
  REQUIRE(file.write(as_bytes(std::string(200000, 'x'))).ok());
  REQUIRE(file.commit().ok());
  REQUIRE(file.written_bytes() == 200006);
  REQUIRE(read_text(path) == "hello " + std::string(200000, 'x'));
  REQUIRE(dir.entry_count() == 1);
}

TEST_CASE("a file that is not committed leaves nothing behind", "[base]") {
  const TempDir dir;
  write_text(dir / "out", "old");
  {
    auto file = created(dir / "out");
    REQUIRE(file.write(as_bytes("new")).ok());
    AtomicFile moved = std::move(file);
    REQUIRE(dir.entry_count() == 2);
  }
  REQUIRE(read_text(dir / "out") == "old");
  REQUIRE(dir.entry_count() == 1);
}

TEST_CASE("what is replaced keeps its mode and its links", "[base]") {
  const TempDir dir;
  write_text(dir / "out", "old");
  std::filesystem::permissions(dir / "out", std::filesystem::perms(0640));
  std::filesystem::create_symlink("out", dir / "link");
  REQUIRE(write_file(dir / "link", as_bytes("new")).ok());
  REQUIRE(std::filesystem::is_symlink(dir / "link"));
  REQUIRE(read_text(dir / "out") == "new");
  REQUIRE(std::filesystem::status(dir / "out").permissions() ==
          std::filesystem::perms(0640));
}

TEST_CASE("a new file has the mode of the umask", "[base]") {
  const TempDir dir;
  const auto before = ::umask(027);
  const auto done = write_file(dir / "out", as_bytes("x"));
  ::umask(before);
  REQUIRE(done.ok());
  REQUIRE(std::filesystem::status(dir / "out").permissions() ==
          std::filesystem::perms(0640));
}

TEST_CASE("a fifo is written to, not replaced", "[base]") {
  const TempDir dir;
  const auto path = dir / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::string read;
  std::thread reader([&] { read = read_text(path); });
  const auto done = write_file(path, as_bytes("through the pipe"));
  reader.join();
  REQUIRE(done.ok());
  REQUIRE(read == "through the pipe");
  REQUIRE(std::filesystem::is_fifo(path));
}

TEST_CASE("a full device stays a device and says so", "[base]") {
  auto done = write_file("/dev/full", as_bytes("x"));
  REQUIRE_FALSE(done.ok());
  REQUIRE(done.error().code == Code::exhausted);
  REQUIRE(done.error().message ==
          "cannot write /dev/full: no space left on device");
  REQUIRE(std::filesystem::is_character_file("/dev/full"));
}

TEST_CASE("a descriptor's name stands for the descriptor", "[base]") {
  const TempDir dir;
  const Fd fd(::open((dir / "out").c_str(), O_WRONLY | O_CREAT, 0600));
  REQUIRE(write_all(fd.get(), as_bytes("before "), "out").ok());
  const auto name = "/dev/fd/" + std::to_string(fd.get());
  REQUIRE(write_file(name, as_bytes("after")).ok());
  REQUIRE(read_text(dir / "out") == "before after");
}

TEST_CASE("a place that cannot be written is named", "[base]") {
  const TempDir dir;
  auto folder = AtomicFile::create(dir.path());
  REQUIRE_FALSE(folder.ok());
  REQUIRE(folder.error().code == Code::invalid);
  REQUIRE(folder.error().message ==
          "cannot create " + dir.path().string() + ": is a directory");
  auto missing = AtomicFile::create(dir / "no" / "out");
  REQUIRE_FALSE(missing.ok());
  REQUIRE(missing.error().code == Code::not_found);
  REQUIRE_FALSE(AtomicFile::create("").ok());
}

TEST_CASE("a link stays, also one to a file that is not there yet", "[base]") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "folder");
  std::filesystem::create_symlink("folder/real", dir / "second");
  std::filesystem::create_symlink("second", dir / "link");
  for (const auto* text : {"first", "second"}) {
    REQUIRE(write_file(dir / "link", as_bytes(text)).ok());
    REQUIRE(std::filesystem::is_symlink(dir / "link"));
    REQUIRE(read_text(dir / "folder/real") == text);
  }
  REQUIRE(dir.entry_count() == 3);
}

TEST_CASE("a file over the limit says which limit", "[base]") {
  const TempDir dir;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  const auto action = ::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  auto done = write_file(dir / "out", as_bytes(std::string(2000, 'x')));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, action);
  REQUIRE(done.error().code == Code::unavailable);
  REQUIRE(done.error().message.find(": file too large\nhint: ulimit -f") !=
          std::string::npos);
  REQUIRE(dir.entry_count() == 0);
}

TEST_CASE("a mapped file lives as long as its last blob", "[base]") {
  const TempDir dir;
  write_text(dir / "in", "mapped");
  auto mapped = map_file(dir / "in");
  REQUIRE(mapped.ok());
  const Blob copy = *mapped;
  *mapped = Blob();
  std::filesystem::remove(dir / "in");
  REQUIRE(text_of(copy) == "mapped");
}

TEST_CASE("an empty file maps to an empty blob", "[base]") {
  const TempDir dir;
  write_text(dir / "in", "");
  auto mapped = map_file(dir / "in");
  REQUIRE(mapped.ok());
  REQUIRE(mapped->size() == 0);
}

TEST_CASE("a fifo is read into memory", "[base]") {
  const TempDir dir;
  const auto path = dir / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&] { write_text(path, "through the pipe"); });
  auto mapped = map_file(path);
  writer.join();
  REQUIRE(mapped.ok());
  REQUIRE(text_of(*mapped) == "through the pipe");
}

TEST_CASE("what cannot be read says why", "[base]") {
  const TempDir dir;
  auto missing = map_file(dir / "none");
  REQUIRE_FALSE(missing.ok());
  REQUIRE(missing.error().code == Code::not_found);
  REQUIRE(missing.error().message == "cannot read " + (dir / "none").string() +
                                         ": no such file or directory");
  auto folder = map_file(dir.path());
  REQUIRE_FALSE(folder.ok());
  REQUIRE(folder.error().code == Code::invalid);
  REQUIRE_FALSE(map_file("/dev/zero").ok());
  REQUIRE(read_small_file(dir.path(), 10).ok() == false);
}

TEST_CASE("a small file over its limit is refused", "[base]") {
  const TempDir dir;
  write_text(dir / "in", "12345");
  REQUIRE(read_small_file(dir / "in", 5).value(1) == "12345");
  auto over = read_small_file(dir / "in", 4);
  REQUIRE_FALSE(over.ok());
  REQUIRE(over.error().code == Code::exhausted);
  REQUIRE_FALSE(read_small_file("/dev/zero", 100000).ok());
}

TEST_CASE("errno texts begin in lower case", "[base]") {
  REQUIRE(errno_text(ENOENT) == "no such file or directory");
  REQUIRE(errno_text(EIO) == "input/output error");
}

}  // namespace psmith
