#!/usr/bin/env bash
# Signals at moments spread over each command: exit code 5 (or the signal itself, before the tool listens), nothing left behind and the store as it
# was; or all of it done, when the signal came too late. No clock: the signals come at system calls (signal_at).
source "$(dirname "$0")/lib.bash"
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" # leaks cannot be looked for under a tracer
signal_at=$(dirname "$pty")/signal_at
moments=${SIGNAL_MOMENTS:-5}

awk 'BEGIN { for (i = 0; i < 20000; i++) printf "<urn:x:%d> <urn:x:p> \"text number %d\" .\n", i % 5000, i }' >first.nt
awk 'BEGIN { for (i = 0; i < 5000; i++) printf "<urn:y:%d> <urn:x:q> <urn:x:%d> .\n", i, i }' >second.nt
"$parley" load --quiet kept.db first.nt
"$parley" export kept.db >kept.jsonl
mkdir place
fail() { echo "$*" && exit 1; }

# signal_run SIGNAL FROM TIMES ARGUMENTS...: sets ended ("exit N", "signal N") and calls.
signal_run() {
  local code=0 told
  "$signal_at" "$1" "$2" "$3" "$parley" "${@:4}" 3>ended >out 2>errors || code=$?
  [ $code != 77 ] || { echo "skipped: tracing is not permitted" && exit 77; }
  [ $code = 0 ] || fail "signal_at: $code"
  told=$(<ended)
  ended=${told%:*} calls=${told#*: }
}

# The store holds what it held. A command that only reads may not even touch the file.
unchanged() {
  if [ "$writes" = yes ]; then
    "$parley" check place/kg.db >/dev/null || fail "$*: damaged"
    "$parley" export place/kg.db | cmp -s - kept.jsonl || fail "$*: the store was changed"
  else
    cmp -s place/kg.db kept.db || fail "$*: the file was changed"
  fi
  left=$(ls -A place | grep -v -x -e kg.db -e kg.db-lock || true)
  [ -z "$left" ] || fail "$*: left behind: $left"
}

# sweep SIGNAL TIMES ARGUMENTS...: the command with signals from each of some moments on.
sweep() {
  local signal=$1 times=$2 stopped=0 all at
  shift 2
  fresh && signal_run 0 0 0 "$@"
  [ "$ended" = "exit 0" ] || fail "$*: $ended: $(<errors)"
  all=$calls
  for at in $(seq $moments); do
    fresh && signal_run "$signal" $((all * at / (moments + 1))) "$times" "$@"
    case $ended in
      "exit 5") stopped=$((stopped + 1)) && unchanged "$* ($signal at $at)" ;;
      "signal $signal") unchanged "$* ($signal at $at)" ;;
      "exit 0") ;;
      *) fail "$* ($signal at $at of $moments): $ended: $(<errors)" ;;
    esac
  done
  [ $stopped -gt 0 ] || fail "$*: no signal of $moments was seen"
}
fresh() { rm -rf place/* && cp kept.db place/kg.db; }

writes=no
sweep 2 1 load place/new.db first.nt
sweep 2 1 backup place/kg.db place/new.db
sweep 2 1 repair place/kg.db place/new.db
sweep 2 1 check --deep place/kg.db
sweep 2 1 export place/kg.db -o place/out
sweep 2 1 query place/kg.db 'match ?a <urn:x:p> ?t return ?a, ?t'
sweep 15 1 backup place/kg.db place/new.db # asked to end
sweep 1 1 load place/new.db first.nt       # the terminal was closed
sweep 2 100 load place/new.db first.nt     # Ctrl-C again and again is no more than once
writes=yes
sweep 2 1 load place/kg.db second.nt
sweep 15 1 query place/kg.db 'match ?a <urn:x:p> ?t insert ( ?a <urn:x:r> ?t )'
sweep 2 1 compact place/kg.db

# A reader of the output that has seen enough ends the command: quietly, with the code of a file that cannot be written.
fresh
quiet() {
  { "$parley" "$@" 2>errors && code=0 || code=$?; echo $code >code; } | head -n 1 >/dev/null
  [ "$(<code)" = 3 ] && [ ! -s errors ] || fail "$*: $(<code): $(<errors)"
}
quiet query place/kg.db --format tsv 'match ?a <urn:x:p> ?t . ?b <urn:x:p> ?u return ?a, ?b'
quiet export place/kg.db
