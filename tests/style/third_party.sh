#!/usr/bin/env bash
# One third-party library, one module: who may include which header.
# shellcheck source-path=SCRIPTDIR source=../support/style.sh
source "$(dirname "$0")/../support/style.sh"

# HEADER (pattern)   FILES (pattern) that may include it
rules='
zmq                  ^(lib|tests)/net/|^tests/bench/echo\.cc$
msgpack              ^(lib|tests)/wire/
fmt/                 ^lib/base/format\.h$
nlohmann/            ^(lib/(file|data)|tools|tests)/
zlib                 ^(lib|tests)/data/
zstd                 ^(lib|tests)/data/
sqlite3              ^(lib|tests)/journal/
openssl/             ^lib/base/digest\.(h|cc)$
fast_float/          ^lib/data/number\.cc$
CLI/                 ^(tools|tests/(cli|style))/
toml                 ^tools/
catch2/              ^tests/
benchmark/           ^tests/bench/
sanitizer/           ^tests/fuzz/
Eigen/               ^(lib/tensor/[^/]*\.h|lib/[^/]*/[^/]*\.cc|tests/.*\.cc)$
'

fail_each < <(sources lib tools tests |
  xargs -r grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' |
  sed -E 's/^([^:]*):([0-9]+):[^<"]*[<"]([^>"]*)[>"].*/\1 \2 \3/' |
  awk -v rules="$rules" '
    BEGIN {
      count = split(rules, lines, "\n")
      for (i = 1; i <= count; i++)
        if (split(lines[i], words, " ") == 2) where[words[1]] = words[2]
    }
    {
      for (header in where)
        if (index($3, header) == 1 && $1 !~ where[header])
          print $1 ":" $2 ": <" $3 "> does not belong here"
    }')

# What comes from neither the standard, the system nor the rules.
standard='^[a-z_0-9]+$|^(sys|arpa|netinet|linux)/|^[a-z_]+\.h$'
standard+='|^(zmq|msgpack)\.hpp$|^(fmt|openssl|fast_float|nlohmann|CLI|toml\+\+|catch2)/'
standard+='|^(benchmark|Eigen|sanitizer)/|^sqlite3\.h$'
fail_each < <(sources lib tools tests |
  xargs -r grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' |
  sed -E 's/^([^:]*:[0-9]+):[^<]*<([^>]*)>.*/\1 \2/' |
  awk -v standard="$standard" '$2 !~ standard {
    print $1 ": <" $2 "> is in no rule of tests/style/third_party.sh" }')
finish
