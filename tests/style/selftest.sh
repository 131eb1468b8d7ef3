#!/usr/bin/env bash
# The style tests fail when they should: each is run on a small clean tree,
# where it passes, and on that tree with one fault, where it must not.
# shellcheck disable=SC2016  # the commands are expanded later
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
bad=0

# A tree without a fault: two modules, a program, a script.
plant() {
  rm -rf "$temp/tree"
  mkdir -p "$temp"/tree/{lib/base,lib/wire,tests/base,tests/wire,tests/style,tools,man}
  cd "$temp/tree"
  cp "$here/../../.clang-format" .
  printf 'set(PSMITH_MODULES base tensor placement model optim wire)\n' \
    > CMakeLists.txt
  mkdir -p lib/{tensor,placement,model,optim}
  local module
  for module in base wire; do
    local space=psmith::$module
    [[ $module != base ]] || space=psmith
    printf '// What it is.\n#pragma once\n\nnamespace %s {\nint one();\n}  // namespace %s\n' \
      "$space" "$space" > lib/$module/a.h
    printf '#include "%s/a.h"\n\nnamespace %s {\nint one() { return 1; }\n}  // namespace %s\n' \
      "$module" "$space" "$space" > lib/$module/a.cc
    printf '#include <catch2/catch.hpp>\n' > tests/$module/a_test.cc
  done
  printf '#!/usr/bin/env bash\necho ready\n' > run.sh
  chmod +x run.sh
  local page
  for page in psctl.1 psserver.1 psworker.1 psinfer.1 psdata.1 psmith.7 \
    psmith-formats.5 psmith-protocol.7; do
    printf '.Dd January 2, 2025\n.Dt %s %s\n.Os\n.Sh NAME\n.Nm %s\n.Nd a page\n.Sh DESCRIPTION\n.Bl -tag -width Ds\n.It Fl -good\nText.\n.El\n' \
      "${page%.*}" "${page##*.}" "${page%.*}" | sed '2s/.*/\U&/; 2s/^\.DT/.Dt/' \
      > man/"$page"
  done
  # Each program has one option, and psctl a command that has another.
  mkdir -p bin
  local program
  for program in psctl psserver psworker psinfer psdata; do
    printf '%s\n' '#!/bin/sh' 'case $1,$2 in' \
      '--dump-options,) printf "%s\t%s\t\t\ttext\n" - good ;;' \
      '__complete,--) printf "%s\ttext\n" --good; echo :none ;;' \
      'esac' > bin/$program
    chmod +x bin/$program
  done
  sed -i -e 's/ - good/& do "" do new/' -e '/^esac/i\
__complete,do) printf "%s\\ttext\\n" --good --new; echo :none ;;\
__complete,) printf "%s\\ttext\\n" do; echo :none ;;' bin/psctl
  printf '.Ss psctl do\n.Bl -tag -width Ds\n.It Fl -new\nText.\n.El\n' \
    >> man/psctl.1
}

# Usage: faulty TEST WHAT COMMAND: the test must fail after COMMAND.
faulty() {
  plant
  if ! "$here/$1" "$temp/tree" > "$temp/out" 2>&1; then
    echo "$1: fails on a clean tree:"
    cat "$temp/out"
    bad=1
    return
  fi
  (cd "$temp/tree" && eval "$3")
  if "$here/$1" "$temp/tree" > "$temp/out" 2>&1; then
    echo "$1: does not see $2"
    bad=1
  fi
}

# Usage: lines TEXT COUNT; for the commands below.
# shellcheck disable=SC2317
lines() { printf "$1\n%.0s" $(seq "$2"); }

faulty layers.sh 'an include upwards' \
  'echo "#include \"wire/a.h\"" >> lib/base/a.cc'
faulty layers.sh 'a module without a row' 'mkdir lib/odd; cp lib/base/a.cc lib/odd'
faulty layers.sh 'a module that is not built' \
  'echo "set(PSMITH_MODULES base)" > CMakeLists.txt'
faulty layers.sh 'a wrong order' \
  'echo "set(PSMITH_MODULES wire base tensor placement model optim)" > CMakeLists.txt'
faulty layers.sh 'an include without its folder' \
  'echo "#include \"a.h\"" >> lib/base/a.cc'
faulty mirror.sh 'a source without a test' \
  'cp lib/base/a.cc lib/base/b.cc; cp lib/base/a.h lib/base/b.h'
faulty mirror.sh 'a source without header and test' \
  'echo "int two();" > lib/base/b.cc'
faulty mirror.sh 'a test without a source' \
  'cp tests/base/a_test.cc tests/base/b_test.cc'
faulty mirror.sh 'an exception no longer needed' \
  'echo lib/base/a.cc tests/base/a_test.cc why > tests/style/mirror-exceptions.txt'
faulty mirror.sh 'an exception without a reason' \
  'cp lib/base/a.cc lib/base/b.cc; cp lib/base/a.h lib/base/b.h
   echo lib/base/b.cc tests/base/a_test.cc > tests/style/mirror-exceptions.txt'
faulty third_party.sh 'zmq outside net' 'echo "#include <zmq.hpp>" >> lib/base/a.cc'
faulty third_party.sh 'fmt outside format.h' \
  'echo "#include <fmt/format.h>" >> lib/base/a.cc'
faulty third_party.sh 'an unknown library' \
  'echo "#include <boost/any.hpp>" >> lib/base/a.cc'
faulty third_party.sh 'Eigen in a header' \
  'echo "#include <Eigen/Core>" >> lib/wire/a.h'
faulty sizes.sh 'a long file' 'lines "// text" 401 >> lib/base/a.cc'
faulty sizes.sh 'a long function' \
  '{ echo "int f() {"; lines "  g();" 70; echo "}"; } >> lib/base/a.cc'
faulty sizes.sh 'a long member function' \
  '{ echo "class C {"; echo "  int f() {"; lines "    g();" 70; echo "  }"; echo "};"; } >> lib/base/a.cc'
faulty sizes.sh 'a long function of a script' \
  '{ echo "f() {"; lines "  g" 70; echo "}"; } >> run.sh'
faulty words.sh 'work left open' 'echo "// TO""DO: more" >> lib/base/a.cc'
faulty words.sh 'a path of one machine' 'echo "cat /ho""me/me/x" >> run.sh'
faulty words.sh 'unsafe flags' 'echo "set(F -ffast-""math)" >> CMakeLists.txt'
faulty words.sh 'a sleep' 'echo "void f() { std::this_thread::sleep_for(s); }" >> lib/base/a.cc'
faulty words.sh 'a generator of the standard library' \
  'echo "std::uniform_int_distribution<int> d;" >> lib/base/a.cc'
faulty headers.sh 'a header without a comment' 'sed -i 1d lib/base/a.h'
faulty headers.sh 'a header without pragma once' 'sed -i 2d lib/base/a.h'
faulty headers.sh 'the namespace of another module' \
  'sed -i s/psmith::wire/psmith::net/ lib/wire/a.h'
faulty format.sh 'bad layout' 'echo "int  x ;" >> lib/base/a.cc'
faulty man.sh 'a fault that mandoc finds' 'echo ".Xq" >> man/psctl.1'
faulty man.sh 'a missing page' 'rm man/psctl.1'
faulty man.sh 'a reference to nothing' 'echo ".Xr psnothing 1" >> man/psctl.1'
faulty shell.sh 'a fault that shellcheck finds' 'echo "cat \$x" >> run.sh'
faulty shell.sh 'a script that cannot be run' 'chmod -x run.sh'
export PSMITH_BIN=$temp/tree/bin
faulty flags.sh 'an option that no page has' 'sed -i "s/- good/& - more/; s/--good/& --more/" bin/psdata'
faulty flags.sh 'an option that is gone from a program' \
  'sed -i s/good/gone/ man/psdata.1'
faulty flags.sh 'an option outside the section of its command' \
  'sed -i "s/^\.It Fl -new/.It one/; 1,/^Text/s/^Text/.Fl -new/" man/psctl.1'
faulty flags.sh 'a command without a section' 'sed -i "s/^\.Ss.*/.Pp/" man/psctl.1'
faulty flags.sh 'an option that is not completed' \
  'sed -i "s/--good --new/--good/" bin/psctl'
faulty flags.sh 'an option of the program that is not completed' \
  'sed -i "/__complete,--/s/--good/--good2/" bin/psworker'
faulty flags.sh 'a completion that is gone from a program' \
  'sed -i "s/--good --new/& --gone/" bin/psctl'
faulty flags.sh 'a command that is not completed' 'sed -i "/__complete,)/s/do;/did;/" bin/psctl'
faulty flags.sh 'an answer that does not end' 'sed -i "s/echo :none/true/" bin/psctl'
faulty flags.sh 'a program that does not complete' 'sed -i "s/^esac/&; exit 1/" bin/psctl'

[[ $bad -eq 0 ]] && echo "selftest.sh: every fault is seen"
exit $bad
