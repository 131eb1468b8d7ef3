#include "base/log.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/path.h"
#include "tests/support/temp_dir.h"

namespace psmith {
namespace {

std::string line(LogFormat format, Log::Fields fields) {
  return log_line({.format = format, .node = "server-1"}, "T", LogLevel::info,
                  "job_started", fields);
}

}  // namespace

TEST_CASE("a text line has time, level, node, event and fields", "[base]") {
  REQUIRE(line(LogFormat::text, {{"job", 3}, {"name", "ctr"}, {"ok", true}}) ==
          "T info server-1 job_started job=3 name=ctr ok=true\n");
}

TEST_CASE("a text value that is not plain is quoted", "[base]") {
  REQUIRE(line(LogFormat::text,
               {{"a", "two words"}, {"b", ""}, {"c", "x=\"y\"\n"}}) ==
          "T info server-1 job_started a=\"two words\" b=\"\" "
          "c=\"x=\\\"y\\\"\\n\"\n");
}

TEST_CASE("a json line keeps numbers bare and everything valid", "[base]") {
  REQUIRE(line(LogFormat::json, {{"job", 3},
                                 {"loss", 0.5},
                                 {"nan", std::nan("")},
                                 {"text", "a\"\\\x01\xff\xc3\xa9"}}) ==
          "{\"time\":\"T\",\"level\":\"info\",\"node\":\"server-1\","
          "\"event\":\"job_started\",\"job\":3,\"loss\":0.5,\"nan\":\"nan\","
          "\"text\":\"a\\\"\\\\\\u0001\xef\xbf\xbd\xc3\xa9\"}\n");
}

TEST_CASE("a log drops what is below its level", "[base]") {
  const support::TempDir dir;
  const Fd fd(::open((dir / "log").c_str(), O_WRONLY | O_CREAT, 0600));
  const Log log({.level = LogLevel::warn, .fd = fd.get()});
  log.debug("no");
  log.info("no");
  log.warn("yes", {{"n", 1}});
  log.error("yes");
  const auto text = support::read_text(dir / "log");
  const std::regex expected(
      "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z warn - yes n=1\n"
      "\\S+ error - yes\n");
  INFO(text);
  REQUIRE(std::regex_match(text, expected));
  REQUIRE_FALSE(Log().writes(LogLevel::error));
  Log().error("nowhere");
}

TEST_CASE("lines of many threads do not mix", "[base]") {
  const support::TempDir dir;
  const Fd fd(
      ::open((dir / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
  const Log log({.fd = fd.get()});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log, t] {
      for (int i = 0; i < 100; ++i) {
        log.info("event",
                 {{"text", std::string(50, static_cast<char>('a' + t))}});
      }
    });
  }
  threads.clear();
  std::istringstream lines(support::read_text(dir / "log"));
  int count = 0;
  for (std::string text; std::getline(lines, text); ++count) {
    const auto value = text.substr(text.find("text=") + 5);
    REQUIRE(value == std::string(50, value[0]));
  }
  REQUIRE(count == 400);
}

TEST_CASE("levels have names", "[base]") {
  REQUIRE(name_of(LogLevel::debug) == "debug");
}

}  // namespace psmith
