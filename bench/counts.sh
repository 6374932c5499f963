#!/bin/bash
# Count the instructions of ten small pieces of work under callgrind and compare them with bench/counts.txt.
#
#   bash bench/counts.sh [--build FOLDER] [--update] [--tolerance PERCENT]
#
# Exit 1 if a piece takes more instructions than kept, beyond the tolerance (2 %); what takes less is told, and kept with --update. Counts
# depend on the compiler and the libraries, so compare on one machine: run it before a change, then after it.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
build=$source/build update=0 tolerance=2
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=$2 && shift ;;
    --update) update=1 ;;
    --tolerance) tolerance=$2 && shift ;;
    *) echo "counts.sh: unknown argument $1" >&2 && exit 2 ;;
  esac
  shift
done
program=$build/bench/counts kept=$source/bench/counts.txt
[ -x "$program" ] || { echo "counts.sh: $program is not built" >&2; exit 2; }
command -v valgrind >/dev/null || { echo "counts.sh: valgrind is not installed" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$work/out" --toggle-collect=measured --dump-after=measured \
  "$program" "$work" >"$work/names" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
i=0
while read -r name; do
  i=$((i + 1))
  echo "$name $(awk '/^(totals|summary):/ { print $2; exit }' "$work/out.$i")"
done <"$work/names" >"$work/counts"
if [ $update = 1 ]; then
  cp "$work/counts" "$kept"
  cat "$kept"
  exit 0
fi
awk -v tolerance="$tolerance" '
  NR == FNR { before[$1] = $2; next }
  {
    change = before[$1] ? ($2 / before[$1] - 1) * 100 : 0
    told = !before[$1] ? "new" : change > tolerance ? "MORE" : change < -tolerance ? "less" : ""
    worse += told == "MORE" || told == "new"
    printf "%-10s %12d %12d %+7.2f %% %s\n", $1, before[$1], $2, change, told
  }
  END { exit worse > 0 }' "$kept" "$work/counts"
