#!/usr/bin/env bash
# A disk that fails at the n-th call (EIO, ENOSPC), is full, or a process that is
# killed at it, while a model is written (-o), a checkpoint, and the master's
# journal: the file that was there is whole, or the new one is; the exit status
# says so; what was answered is kept; a job that is done has the bits of a calm
# run.
#
#   storage_faults.sh          a sample of n
#   storage_faults.sh --full   every n
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

command -v strace > needed.txt || skip "strace is not installed"
if [[ ${1:-} == --full ]]; then
  file_calls=({1..6})
  checkpoint_calls=(1 2 3) # of a thread; each checkpoint has its own
  journal_calls=({1..24})
else
  file_calls=(1 2)
  checkpoint_calls=(1)
  journal_calls=(1 3 8)
fi
trials=0
declare -A hits=() # what a fault of each kind did to the program

# Usage: inject CALLS FAULT N: sets `under`: a command that makes the N-th call
# of those fail so, and, with an error, all after it.
inject() {
  local when=$3+
  [[ $2 != signal=* ]] || when=$3
  under=(strace -D -f -qq -o trace.txt -e "trace=$1" -e "inject=$1:$2:when=$when")
}
count() { # Usage: count WHAT FAULT STATUS
  trials=$((trials + 1))
  [[ $3 -eq 0 ]] || hits[$1 $2]=$((${hits[$1 $2]:-0} + 1))
}

psdata synth logistic --rows 2000 --features 200 --seed 2 -o data > planted.tsv
old=(train data --epochs 2 --seed 1 --local "1,1,1" --quiet)
new=(train data --epochs 2 --seed 2 --local "1,1,1" --quiet)
psctl "${old[@]}" -o old > calm.txt
psctl "${new[@]}" -o new >> calm.txt

# Usage: check_file STATUS FILE WHERE: it is the old one, or new and complete.
check_file() {
  if [[ $1 -eq 0 ]]; then
    cmp "$2" new || die "$3: exit status 0, and not the new model"
  elif [[ $1 -ne 137 ]]; then
    # Its name is the new one's when the folder cannot be synced.
    local there=old
    ! grep -q "cannot sync $(dirname "$2"):" err.log || there=new
    cmp "$2" "$there" || die "$3: status $1, and not the $there model"
    [[ -z $(find "$(dirname "$2")" -name '.*.tmp') ]] || die "$3: leftovers"
  else
    cmp -s "$2" old || cmp "$2" new || die "$3: killed, and a torn model"
    find "$(dirname "$2")" -name '.*.tmp' -delete
  fi
}

mkdir models
for call in fsync,fdatasync rename,renameat,renameat2; do
  for fault in error=EIO error=ENOSPC signal=KILL; do
    for n in "${file_calls[@]}"; do
      cp old models/it
      inject "$call" "$fault" "$n"
      status=0
      "${under[@]}" "$(type -P psctl)" "${new[@]}" -o models/it \
        > out.txt 2> err.log || status=$?
      check_file "$status" models/it "$call $fault $n"
      count "$call" "$fault" "$status"
    done
  done
done

# A limit on the size of files: the model is larger.
cp old models/it
status=0
(ulimit -f 1 && psctl "${new[@]}" -o models/it) > out.txt 2> err.log || status=$?
[[ $status -eq 74 || $status -eq 73 ]] || die "a size limit: $status: $(< err.log)"
check_file "$status" models/it "a size limit"

# Usage: end_gone NAME: a process that ended by itself; its status.
end_gone() {
  local status=0
  until_true 20 gone "${pid_of[$1]}" || die "$1 goes on: $(< "$1.log")"
  wait "${pid_of[$1]}" 2> wait.log || status=$?
  unset "pid_of[$1]"
  echo "$status" > "$1.status"
}

# Usage: try_master COMMAND...: under it.
try_master() {
  start master "$@" psctl master --listen tcp://127.0.0.1:0 --heartbeat 200ms \
    --state state
}
# Usage: submit_some: those that were answered are in answered.txt.
submit_some() {
  local i
  : > answered.txt
  for i in {1..8}; do
    timeout 30 psctl train data --epochs 1 --name "job-$i" --detach --quiet \
      --reconnect 1s > out.txt 2>> err.log || return 0
    echo "job-$i" >> answered.txt
  done
}
# Usage: check_journal WHERE: a new master knows what was answered.
check_journal() {
  local each
  try_master
  until_true 30 test -s master.ready || die "$1: no master: $(< master.log)"
  PSMITH_MASTER=$(< master.ready)
  export PSMITH_MASTER
  psctl jobs --json | jq -r '.jobs[].name' > known.txt
  while IFS= read -r each; do
    grep -qx "$each" known.txt || die "$1: $each was answered and is lost"
  done < answered.txt
  stop_node master
}

for call in fsync,fdatasync pwrite64; do
  for fault in error=EIO error=ENOSPC signal=KILL; do
    for n in "${journal_calls[@]}"; do
      rm -rf state
      inject "$call" "$fault" "$n"
      try_master "${under[@]}"
      : > answered.txt
      begun() { [[ -s master.ready ]] || gone "${pid_of[master]}"; }
      until_true 30 begun || die "a master with $call $fault $n hangs"
      if [[ -s master.ready ]]; then
        PSMITH_MASTER=$(< master.ready)
        export PSMITH_MASTER
        submit_some
      fi
      status=0
      if gone "${pid_of[master]}" || [[ $(wc -l < answered.txt) -lt 8 ]]; then
        end_gone master
        status=$(< master.status)
        [[ $fault == signal=* || $status -eq 74 || $status -eq 73 ]] ||
          die "a journal with $call $fault $n: $status: $(< master.log)"
      else
        kill -9 "${pid_of[master]}"
        end_gone master
      fi
      check_journal "$call $fault $n"
      count "journal $call" "$fault" "$status"
    done
  done
done

# Usage: attach NAME CALLS FAULT N: as inject, for a process that runs.
attached() { grep -q attached tracer.log; }
attach() {
  inject "${@:2}"
  "${under[0]}" -f -o trace.txt "${under[@]:6}" -p "${pid_of[$1]}" 2> tracer.log &
  pid_of[tracer]=$!
  until_true 10 attached || die "strace does not attach: $(< tracer.log)"
}

# Checkpoints: one of two servers has the disk that fails.
long=(train data --epochs 40 --seed 1)
psctl "${long[@]}" --local 1 -o long.calm --quiet > calm.txt
for call in fsync,fdatasync rename,renameat,renameat2; do
  for fault in error=EIO error=ENOSPC signal=KILL; do
    for n in "${checkpoint_calls[@]}"; do
      rm -rf kept it
      start_master
      start_servers 1 --threads 1
      start server-2 psserver --name server-2 --threads 1
      ready server-2
      attach server-2 "$call" "$fault" "$n"
      start_workers 1 1 --threads 1
      status=0
      timeout 120 psctl "${long[@]}" --checkpoint-dir "$PWD/kept" \
        --checkpoint-every 20 -o it --quiet > out.txt 2> err.log || status=$?
      ((status < 124)) || die "checkpoint $call $fault $n: the job hangs"
      if [[ $status -eq 0 ]]; then
        cmp it long.calm || die "checkpoint $call $fault $n: another model"
      else
        [[ ! -e it ]] || die "checkpoint $call $fault $n: $status, and a model"
        grep -q checkpoint err.log || die "$call $fault $n: no reason: $(< err.log)"
      fi
      hit=$status
      if [[ $fault == signal=* ]]; then
        ! gone "${pid_of[server-2]}" || hit=137
        [[ $status -eq 0 ]] || die "a server was killed: $status: $(< err.log)"
      fi
      count "checkpoint $call" "$fault" "$hit"
      ! gone "${pid_of[server-2]}" || end_gone server-2
      kill "${pid_of[tracer]}" 2> kill.log || true
      end_gone tracer
      stop_cluster
    done
  done
done

# A file system of 1 MB, with less and less room.
remove_disk() { umount "$temp/disk"; }
mkdir disk
if [[ $(id -u) -eq 0 ]] && mount -t tmpfs -o size=1m tmpfs disk 2> needed.txt; then
  at_end+=(remove_disk)
  full=0
  for room in 0 1 2 4 8; do
    rm -f disk/*
    cp old disk/it
    left=$(($(stat -f -c '%a * %S' disk) - room * 1024))
    head -c "$left" /dev/zero > disk/rest
    status=0
    psctl "${new[@]}" -o disk/it > out.txt 2> err.log || status=$?
    check_file "$status" disk/it "$room KiB of room"
    [[ $status -eq 0 ]] || full=$((full + 1))
  done
  ((full > 0)) || die "the disk was never full"
  rm -rf disk/* state
  left=$(($(stat -f -c '%a * %S' disk) - 120 * 1024))
  head -c "$left" /dev/zero > disk/rest
  ln -s disk state
  try_master
  ready master
  PSMITH_MASTER=$(< master.ready)
  export PSMITH_MASTER
  : > all.txt
  for i in {1..40}; do
    submit_some
    cat answered.txt >> all.txt
    [[ $(wc -l < answered.txt) -eq 8 ]] || break
  done
  end_gone master
  [[ $(< master.status) -eq 74 ]] || die "a full disk: $(< master.status): $(< master.log)"
  rm disk/rest
  mv all.txt answered.txt
  check_journal "a full disk"
  rm state
else
  say "no file system of its own: $(< needed.txt)"
fi
((${#hits[@]} >= 18)) || die "some faults were never felt: ${!hits[*]}"
say "passed ($trials faults)"
