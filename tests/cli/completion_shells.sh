#!/usr/bin/env bash
# bash, zsh and fish complete the programs: the files of completions/ in real
# shells, at a terminal where that matters. What they offer is tested in
# completions.sh.
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
# shellcheck disable=SC2016  # for other shells
source "$(dirname "$0")/../support/cluster.sh"
for shell in zsh fish /usr/bin/python3; do
  command -v "$shell" > /dev/null || die "needs $shell (packages.txt)"
done
mkdir data 'my dir'
touch model.st 'my file' where
ln -s "$(command -v psctl)" psctl
export TERM=dumb

# What is typed, and what it becomes at a tab; the same in bash and zsh. $B is
# a backslash.
cases='
psctl tr|psctl train |
psctl train --opt|psctl train --optimizer |
psctl train --optimizer f|psctl train --optimizer ftrl |
psctl train --optimizer=f|psctl train --optimizer=ftrl |
psctl train --optimizer "f|psctl train --optimizer "ftrl" |
psctl train "--optimizer=f|psctl train "--optimizer=ftrl" |
psctl train -o mo|psctl train -o model.st |
psctl train --output=mo|psctl train --output=model.st |
psctl train ~/mo|psctl train ~/model.st |
psctl train ./mo|psctl train ./model.st |
psctl train --eval "my f|psctl train --eval "my file" |
psctl train --output=my$B f|psctl train --output=my$B file |
psctl train --checkpoint-dir da|psctl train --checkpoint-dir data/|
psctl train --checkpoint-dir=da|psctl train --checkpoint-dir=data/|
psctl jobs --master tcp://127.0.0.1:7 --js|psctl jobs --master tcp://127.0.0.1:7 --json |
psctl jobs --master @wh|psctl jobs --master @where |
psctl jobs --master=@wh|psctl jobs --master=@where |
psctl nonsense mo|psctl nonsense mo|
psctl wait nothing mo|psctl wait nothing mo|
psdata synth --rows 5 lin|psdata synth --rows 5 linear |
psdata info m|psdata info my$B dir/|
psinfer model.st 2> errors > out --app|psinfer model.st 2> errors > out --append |
FOO=1 psserver --thr|FOO=1 psserver --threads |
true; psworker --col|true; psworker --color |
~/psctl tr|~/psctl train |
'
# With the master of this test.
live_cases='
psctl show @c|psctl show @ctr |
psctl show "@c|psctl show "@ctr" |
psctl show @my|psctl show @my$B model |
psctl show @my$B m|psctl show @my$B model |
psctl evaluate "@my m|psctl evaluate "@my model" |
psctl show @a:|psctl show @a:b=c |
psctl show @a:b=|psctl show @a:b=c |
psinfer @it|psinfer @it$B'\''s$B $B"q$B"$B $B$x |
psinfer "@it|psinfer "@it'\''s $B"q$B" $B$x" |
psctl wait 1|psctl wait 1 |
psctl wait ct|psctl wait ctr |
psctl export a:|psctl export a:b=c |
psctl wait --master tcp://127.0.0.1:PORT 1|psctl wait --master tcp://127.0.0.1:PORT 1 |
'

# Usage: typed CASES SETUP SHELL...: whether each becomes what it should.
typed() {
  local lines=${1//'$B'/\\} line
  lines=$(grep . <<<"${lines//PORT/${PSMITH_MASTER##*:}}")
  local -a wanted=()
  while read -r line; do
    line=${line#*|}
    wanted+=("${line%|}")
  done <<<"$lines"
  cut -d '|' -f 1 <<<"$lines" |
    /usr/bin/python3 "$repo/tests/support/typed.py" "${@:2}" > became ||
    return 1
  mapfile -t became < became
  [[ ${#became[@]} -eq ${#wanted[@]} ]] || return 1
  for line in "${!wanted[@]}"; do
    [[ ${became[line]} == "${wanted[line]}" ]] || {
      fault="$3: '${became[line]}' is not '${wanted[line]}'"
      return 1
    }
  done
}
# Usage: check SETUP SHELL...: names of a master come in time or not at all.
check() {
  fault=''
  PSMITH_MASTER='' typed "$cases" "$@" || die "$2 does not complete: $fault"
  until_true 60 typed "$live_cases" "$@" || die "$2, live: $fault"
}

start_master
start_servers 1
psdata synth logistic --rows 200 --features 3 --seed 1 -o set --quiet > /dev/null
psctl train set --local 1 --epochs 1 --quiet -o trained > /dev/null
for name in ctr 'my model' "it's \"q\" \$x" a:b=c; do
  psctl import trained --name "$name" > /dev/null
done
rm -r set trained

bash=(bash --norc --noprofile -i)
bash_setup="PS1=
bind -x '\"\\C-t\": printf \"LINE<%s>END\" \"\$READLINE_LINE\"'"
for program in psctl psdata psinfer psserver psworker; do
  bash_setup+=" && source $repo/completions/bash/$program"
done
check "$bash_setup" "${bash[@]}"
check "$bash_setup
COMP_WORDBREAKS=\${COMP_WORDBREAKS//[=:@]/}" "${bash[@]}"

zsh_setup='PS1=
autoload -Uz compinit
dump() { print -rn -- "LINE<$BUFFER>END" }
zle -N dump
bindkey "^T" dump
bindkey "^U" kill-whole-line
'
check "$zsh_setup fpath=($repo/completions/zsh \$fpath); compinit -u -D" \
  zsh -f -i
check "$zsh_setup compinit -u -D; source <(psctl completion zsh)" zsh -f -i

# Usage: bash_words WORD...: what the function leaves in COMPREPLY behind these
# words, as bash cuts them: the blanks in front of a word say that a new one
# begins.
bash_words() {
  bash -c 'source "$0"/completions/bash/psctl
    for word; do COMP_LINE+=$word COMP_WORDS+=("${word# }"); done
    COMP_POINT=${#COMP_LINE} COMP_CWORD=$(($# - 1))
    word=${COMP_WORDS[COMP_CWORD]}
    _psmith "${COMP_WORDS[0]}" "${word#[=:]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf "%s\n" "${COMPREPLY[@]}"' "$repo" "$@" 2> /dev/null
}
same_words() {
  [[ $(bash_words "${@:2}" | xargs) == "$1" ]] ||
    die "bash, of ${*:2}: $(bash_words "${@:2}" | xargs)"
}
same_words 'linear logistic softmax' psctl ' train' ' --model' ' '
same_words 'linear logistic softmax' psctl ' train' ' --model' =
same_words 'linear logistic' psctl ' train' ' --model' = l
same_words 'cat' psdata ' c'
same_words '--json' psctl ' jobs' ' --master' ' tcp' : //h : 7 ' --js'
same_words '' psctl ' nonsense' ' '
same_words '' "$temp/missing/psctl" ' tr'
same_words 'train' "$(command -v psctl)" ' tr'

# Usage: fish_says LINE: what fish completes it to.
fish_says() {
  fish --no-config -c 'set fish_complete_path $argv[1]
    complete -C $argv[2]' -- "$repo/completions/fish" "$1"
}
says() { [[ $(fish_says "$2" | cut -f 1) == "$1" ]]; }
expect() { says "$@" || die "fish, of $2: $(fish_says "$2")"; }
expect_live() { until_true 60 says "$@" || die "fish, of $2: $(fish_says "$2")"; }
[[ $(fish_says 'psctl tr') == $'train\ttrains a model'* ]] ||
  die "fish shows no description: $(fish_says 'psctl tr')"
expect --optimizer 'psctl train --opt'
expect ftrl 'psctl train --optimizer f'
expect --optimizer=ftrl 'psctl train --optimizer=f'
expect ftrl 'psctl train --optimizer "f'
expect model.st 'psctl train -o mo'
expect --output=model.st 'psctl train --output=mo'
expect --output=model.st 'psctl train "--output=mo'
# shellcheck disable=SC2088
expect '~/model.st' 'psctl train ~/mo'
expect 'my file' 'psctl train --eval "my f'
expect '--output=my file' 'psctl train --output=my\ f'
expect data/ 'psctl train --checkpoint-dir d'
expect --checkpoint-dir=data/ 'psctl train --checkpoint-dir=d'
expect --json 'psctl jobs --master tcp://127.0.0.1:7 --js'
expect @where 'psctl jobs --master @wh'
expect --master=@where 'psctl jobs --master=@wh'
expect '' 'psctl nonsense mo'
expect linear 'psdata synth --rows 5 lin'
expect 'my dir/' 'psdata info m'
expect --append 'psinfer model.st > out --app'
expect --threads 'psserver --thr'
expect --color 'psworker --col'
expect train "$(command -v psctl) tr"
# shellcheck disable=SC2088
expect train '~/psctl tr'
expect_live @ctr 'psctl show @c'
expect_live '@my model' 'psctl show @my\ m'
expect_live "@it's \"q\" \$x" 'psinfer "@it'
expect_live @a:b=c 'psctl show @a:'
expect_live 1 'psctl wait 1'
expect_live ctr "psctl wait --master $PSMITH_MASTER ct"
say "passed"
