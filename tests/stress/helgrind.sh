#!/usr/bin/env bash
# The tests with threads under Valgrind's Helgrind, then programs of the C API under Memcheck (reads of what was never written, which
# AddressSanitizer does not see). Usage: helgrind.sh [BUILD=build]. Prints a summary line; exits with 1 if anything was found.
set -uo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build}")
command -v valgrind >/dev/null || { echo "skipped: no valgrind"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export TMPDIR=$folder
# Valgrind keeps a shadow of every byte that is mapped, so stores reserve little (tests/api/help.h), and programs whose stores
# reserve what is usual are not here; what they do with threads is in api_together.
export PARLEY_TEST_MAP=$((64 << 20))
found=0 runs=0
run() { # tool and its options in $tool, program...
  local from=$SECONDS
  runs=$((runs + 1))
  if ! valgrind "${tool[@]}" --error-exitcode=99 --trace-children=yes --log-file="$folder/log.%p" "$@" >"$folder/out" 2>&1; then
    found=$((found + 1))
    echo "failed: ${tool[0]} $(basename "$1") ${*:2}"
    head -c 4000 "$folder/out"
    cat "$folder"/log.* | grep -v 'ERROR SUMMARY: 0 errors' | head -n 80
  fi
  rm -f "$folder"/log.*
  echo "${tool[0]#--tool=} $(basename "$1") ${*:2} $((SECONDS - from)) s"
}
tool=(--tool=helgrind --suppressions=tests/stress/helgrind.supp --history-level=approx)
run "$build/tests/unit_base_pool"
run "$build/tests/unit_store_threads"
run "$build/tests/api_threads"
run "$build/tests/api_load"
run "$build/tests/api_together"
run "$build/tests/stress_compact"
run "$build/tests/stress_grow"
run "$build/tests/stress_main" --short
tool=(--tool=memcheck --leak-check=full --errors-for-leak-kinds=definite)
run "$build/tests/api_query"
run "$build/tests/api_update"
run "$build/tests/api_why"
run "$build/tests/api_load"
run "$build/tests/api_property"
run "$build/tests/api_diff"
run "$build/tests/unit_store_bulk"
echo "valgrind: $runs programs, $found with findings"
[ "$found" = 0 ]
