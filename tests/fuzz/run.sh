#!/usr/bin/env bash
# Fuzz: `bash tests/fuzz/run.sh [SECONDS] [TARGET...]` builds the targets with clang and the sanitizers and runs each for SECONDS (60), all
# targets or those named, $FUZZ_JOBS (2) at once. One line each: executions, seconds, coverage edges, corpus size, findings. Exit 1 on a finding.
#
# Corpora, logs and what was found stay in $FUZZ_DIR (a folder in the temporary one), so that the next run goes on where this one ended.
set -u
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
seconds=${1:-60}
[ $# -gt 0 ] && shift
dir=${FUZZ_DIR:-${TMPDIR:-/tmp}/parley-fuzz}
clang=${CC:-$(command -v clang clang-14 | head -1)}
case $seconds in '' | *[!0-9]*) echo "run.sh: SECONDS is a number, not \`$seconds\`" >&2; exit 2 ;; esac
[ -n "$clang" ] || { echo "run.sh: needs clang" >&2; exit 2; }
mkdir -p "$dir" || exit 2

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for source in tests/fuzz/*_*.c; do names+=("$(basename "$source" .c)"); done
fi
for name in "${names[@]}"; do
  [ -f "tests/fuzz/$name.c" ] || { echo "run.sh: there is no target $name" >&2; exit 2; }
done

cmake -S . -B "$dir/build" -G Ninja -DCMAKE_C_COMPILER="$clang" -DCMAKE_CXX_COMPILER="${clang/clang/clang++}" -DPARLEY_FUZZ=ON \
  -DPARLEY_SANITIZE=ON >"$dir/build.log" 2>&1 &&
  ninja -C "$dir/build" "${names[@]/#/fuzz_}" >>"$dir/build.log" 2>&1 || { tail -20 "$dir/build.log" | cut -c1-300 >&2; exit 2; }

# The dictionary of a target: its own, or that of the language or of the formats.
dictionary() {
  case $1 in
    api_query) echo lang_query ;;
    api_load | load_*) echo load ;;
    *) echo "$1" ;;
  esac
}

run_one() {
  local name=$1 work=$dir/$1 dict
  dict=tests/fuzz/$(dictionary "$name").dict
  mkdir -p "$work/corpus" "$work/found"
  local arguments=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$work/found/")
  [ -f "$dict" ] && arguments+=(-dict="$root/$dict")
  "$dir/build/tests/fuzz_$name" "${arguments[@]}" "$work/corpus" "tests/fuzz/seeds/$name" 2>&1 |
    tail -c 1000000 >"$work/log"
  local edges executions found
  edges=$(grep -ao 'cov: [0-9]*' "$work/log" | tail -1 | cut -d' ' -f2)
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
  found=$(find "$work/found" -type f | wc -l)
  printf '%-16s executions %-10s seconds %-6s edges %-6s corpus %-6s findings %s\n' "$name" "${executions:-0}" "$seconds" \
    "${edges:-0}" "$(find "$work/corpus" -type f | wc -l)" "$found"
  [ "$found" -eq 0 ] && [ -n "$executions" ]
}

failed=0
running=0
for name in "${names[@]}"; do
  run_one "$name" &
  running=$((running + 1))
  if [ "$running" -ge "${FUZZ_JOBS:-2}" ]; then
    wait -n || failed=1
    running=$((running - 1))
  fi
done
while [ "$running" -gt 0 ]; do
  wait -n || failed=1
  running=$((running - 1))
done
[ "$failed" -eq 0 ] || echo "findings are in $dir/TARGET/found; run a target on one of them to see it again" >&2
exit "$failed"
