#!/usr/bin/env bash
# Failing environments, through the tool: full disks, limits of the process, places that may not be written, outputs
# that take nothing. Each command gives its exit code and message; each store is whole afterwards.
#
# usage: places.sh PARLEY
set -uo pipefail
parley=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/parley-places-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 2
export LC_ALL=C.UTF-8 HOME="$work" TMPDIR="$work"
unset XDG_STATE_HOME
export LSAN_OPTIONS="detect_leaks=0"
tried=0 failures=0
sanitized=no
grep -qa __asan_init "$parley" && sanitized=yes

# refuse CODE PATTERN COMMAND...: the command ends with that code and says so on standard error.
refuse() {
  local code=$1 pattern=$2 got=0
  shift 2
  tried=$((tried + 1))
  "$@" >out 2>err </dev/null || got=$?
  if [ $got -ne "$code" ] || ! grep -qE -- "$pattern" err; then
    failures=$((failures + 1))
    echo "FAILED: $* (exit $got, not $code, or no \"$pattern\")" >&2
    head -c 600 err >&2
  fi
}

# whole STORE FACTS: the store checks deep and holds that many facts.
whole() {
  local got
  tried=$((tried + 1))
  if ! "$parley" check "$1" >out 2>err; then
    failures=$((failures + 1))
    echo "FAILED: $1 is damaged" >&2
    head -c 600 out err >&2
  elif ! got=$("$parley" query "$1" --format csv 'match ?s ?p ?o return count(*) as ?n' | tail -n 1 | tr -d '\r') ||
    [ "$got" != "$2" ]; then
    failures=$((failures + 1))
    echo "FAILED: $1 holds $got facts, not $2" >&2
  fi
}

# absent NAME...: none of these exists.
absent() {
  local name
  for name in "$@"; do
    tried=$((tried + 1))
    if [ -e "$name" ]; then
      failures=$((failures + 1))
      echo "FAILED: $name was left behind" >&2
    fi
  done
}

# As somebody whom permissions hold: root is nobody's equal.
mortal() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
  else
    "$@"
  fi
}
rows() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "<urn:x:%d> <urn:p%d> \"text of row %d, with some length to it\" .\n", i, i % 9, i }'; }

echo '<urn:a> <urn:p> <urn:o> .' >one.nt
rows 60000 >many.nt
"$parley" load --quiet kg.db one.nt || exit 2
"$parley" load --quiet many.db many.nt || exit 2

# ---- outputs that take nothing --------------------------------------------------------------------------------------
refuse 3 'No space left on device' sh -c '"$0" query many.db "match ?s ?p ?o return ?s, ?o" >/dev/full' "$parley"
refuse 3 'No space left on device' sh -c '"$0" query many.db --format json "match ?s ?p ?o return ?s" >/dev/full' "$parley"
refuse 3 'No space left on device' sh -c '"$0" export many.db >/dev/full' "$parley"
refuse 3 'No space left on device' "$parley" export many.db -o /dev/full
refuse 3 'No space left on device' sh -c '"$0" stats kg.db >/dev/full' "$parley"
refuse 3 'No space left on device' sh -c '"$0" check kg.db >/dev/full' "$parley"
refuse 3 'Bad file descriptor' sh -c '"$0" query kg.db "match ?s ?p ?o return ?s" >&-' "$parley"
refuse 3 'Bad file descriptor' sh -c '"$0" export kg.db >&-' "$parley"
printf '<urn:b> <urn:p> <urn:o> .\nbroken\n' >bad.nt
cp kg.db skip.db
refuse 3 'No space left on device' "$parley" load --quiet --skip-bad 5 --bad-rows /dev/full skip.db bad.nt
"$parley" check skip.db >/dev/null || failures=$((failures + 1))

# ---- names that are no store ----------------------------------------------------------------------------------------
mkdir folder
refuse 3 'is a directory, not a store|is a folder, not a store' "$parley" query folder 'return 1'
refuse 3 'is a (directory|folder), not a store' "$parley" load folder one.nt
refuse 3 'not a store' "$parley" query /dev/null 'return 1'
refuse 3 'there is no store' "$parley" query missing.db 'return 1'
refuse 3 'cannot open missing.nt: No such file' "$parley" load new.db missing.nt
refuse 3 'is a directory' "$parley" load kg.db folder
refuse 3 'cannot make a building folder beside .*No such file' "$parley" load nowhere/new.db one.nt
absent new.db nowhere

# ---- places that may not be written ---------------------------------------------------------------------------------
if mortal true 2>/dev/null; then
  mkdir locked
  cp kg.db locked/kg.db
  chmod 444 locked/kg.db
  chmod 555 locked
  refuse 3 'cannot open|reading only|read-only|Permission denied' mortal "$parley" query locked/kg.db 'insert ( <urn:b> <urn:p> <urn:o> )'
  refuse 3 'cannot make a building folder beside .*Permission denied' mortal "$parley" load locked/new.db "$work/one.nt"
  tried=$((tried + 1))
  mortal "$parley" query locked/kg.db --format csv 'match <urn:a> ?p ?o return ?o' 2>err | grep -q 'urn:o' ||
    { failures=$((failures + 1)); echo "FAILED: reading in a read-only folder: $(cat err)" >&2; }
  refuse 3 'Permission denied' mortal "$parley" export locked/kg.db -o locked/out.jsonl
  chmod 755 locked
  whole locked/kg.db 1
  chmod 600 one.nt
  mkdir -m 777 open
  refuse 3 'cannot open .*one.nt: Permission denied' mortal "$parley" load open/x.db "$work/one.nt"
  chmod 644 one.nt
  absent open/x.db
else
  echo "skipped: places of others (setpriv is not there)"
fi

# ---- temporary files ------------------------------------------------------------------------------------------------
# The tool's smallest memory for sorting sends the rows to the disk.
refuse 3 'PLY-0590: cannot make a temporary file in /nonexistent: No such file' env TMPDIR=/nonexistent \
  "$parley" load --quiet --memory 1 sorted.db many.nt
absent sorted.db sorted.db-lock sorted.db.building-*
"$parley" load --quiet --memory 1 sorted.db many.nt || failures=$((failures + 1))
whole sorted.db 60000
rm -f sorted.db sorted.db-lock

# ---- a lock file that is not ours -----------------------------------------------------------------------------------
cp kg.db foreign.db
echo 'this is not a lock file of LMDB, though it is long enough to be looked at: '"$(head -c 9000 /dev/zero | tr '\0' x)" >foreign.db-lock
tried=$((tried + 1))
"$parley" query foreign.db 'match ?s ?p ?o return ?s' >out 2>err </dev/null
code=$?
if [ $code -ne 0 ] && { [ $code -ne 3 ] || ! grep -q 'foreign.db' err; }; then
  failures=$((failures + 1))
  echo "FAILED: a lock file that is not ours: exit $code: $(head -c 300 err)" >&2
fi
rm -f foreign.db-lock
whole foreign.db 1

# ---- limits of the process ------------------------------------------------------------------------------------------
cp kg.db grown.db
refuse 3 'PLY-0543: .*disk is full or failing' sh -c 'ulimit -f 256; exec "$0" load --quiet grown.db many.nt' "$parley"
whole grown.db 1
refuse 3 'disk is full or failing|File too large' sh -c 'ulimit -f 256; exec "$0" load --quiet big.db many.nt' "$parley"
absent big.db big.db-lock big.db.building-*
refuse 3 'File too large' sh -c 'ulimit -f 16; exec "$0" export many.db -o big.jsonl' "$parley"
absent big.jsonl big.jsonl.*
refuse 3 'Too many open files' sh -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 4; exec "$0" query kg.db "return 1"' "$parley"
if [ $sanitized = no ]; then
  tried=$((tried + 1))
  sh -c 'ulimit -v 400000; exec "$0" query kg.db "match ?s ?p ?o return ?s"' "$parley" >out 2>err ||
    { failures=$((failures + 1)); echo "FAILED: less address space: $(cat err)" >&2; }
  cp kg.db narrow.db
  refuse 1 'out of memory' sh -c 'ulimit -v 80000; exec "$0" load --quiet narrow.db many.nt' "$parley"
  "$parley" check narrow.db >/dev/null || { failures=$((failures + 1)); echo "FAILED: narrow.db is damaged" >&2; }
else
  echo "skipped: RLIMIT_AS (a sanitizer needs all of it)"
fi

# ---- a full disk ----------------------------------------------------------------------------------------------------
full_disk() {
  mkdir -p disk && mount -t tmpfs -o size=1m none disk || return 77
  cp kg.db disk/kg.db
  refuse 3 'No space left on device|disk is full' "$parley" load --quiet disk/kg.db many.nt
  whole disk/kg.db 1
  refuse 3 'No space left on device|disk is full' "$parley" load --quiet disk/new.db many.nt
  absent disk/new.db disk/new.db.building-*
  refuse 3 'No space left on device' "$parley" export many.db -o disk/out.jsonl
  absent disk/out.jsonl disk/out.jsonl.*
  refuse 3 'PLY-0591: cannot write a temporary file: No space left on device' env TMPDIR=disk "$parley" load --quiet --memory 1 sorted.db many.nt
  absent sorted.db
  # What was freed is room again.
  "$parley" query disk/kg.db 'insert ( <urn:b> <urn:p> <urn:o> )' >out 2>err || { failures=$((failures + 1)); cat err >&2; }
  whole disk/kg.db 2
  echo "disk: $tried $failures"
}
export -f full_disk refuse whole absent
export parley work
if result=$(tried=$tried failures=$failures unshare -m bash -c full_disk 2>disk.err | tail -n 1) && [[ $result == disk:* ]]; then
  read -r _ tried failures <<<"$result"
  grep -A5 FAILED disk.err >&2
else
  echo "skipped: a full disk (mount is not permitted)"
fi

echo "fault places: $tried tried, failures $failures"
[ "$failures" = 0 ]
