#include "sched/text.h"

#include <catch2/catch.hpp>

namespace psmith::sched {
namespace {

TEST_CASE("control characters become spaces", "[sched]") {
  REQUIRE(one_line("a\tb\nc\x1b[0m\x7f", 100) == "a b c [0m ");
  REQUIRE(one_line("", 5).empty());
}

TEST_CASE("long text is cut between characters", "[sched]") {
  REQUIRE(one_line("abcdef", 3) == "abc");
  REQUIRE(one_line("ab\xc3\xa9", 3) == "ab");  // e with an acute accent
  REQUIRE(one_line("ab\xc3\xa9", 4) == "ab\xc3\xa9");
  REQUIRE(one_line("\x80\x80\x80", 2).empty());
}

TEST_CASE("counts agree with their nouns", "[sched]") {
  REQUIRE(counted(0, "worker") == "0 workers");
  REQUIRE(counted(1, "worker") == "1 worker");
  REQUIRE(counted(2, "worker") == "2 workers");
}

}  // namespace
}  // namespace psmith::sched
