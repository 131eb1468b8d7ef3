// Catch2's main. Compiled without -Werror: GCC 12 warns inside <regex>.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
