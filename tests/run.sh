#!/usr/bin/env bash
# Everything that must hold before a change lands: installs the packages, runs the main job, then three builds with their tests:
#   build/       as users get it: all tests, lint, format, the commands of README and docs
#   build-asan/  AddressSanitizer + UndefinedBehaviorSanitizer, chunks of 2 rows: unit, golden, API, fuzz seeds
#   build-tsan/  ThreadSanitizer: the tests with threads
# Tests that need data sets beside the checkout (../shared/data) are skipped by name without them. Set JOBS to limit parallel work.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
bash cmake/deps.sh --tests
if [ -z "${PARLEY_SHARED_DATA:-}" ] && [ -d ../shared/data ]; then
  PARLEY_SHARED_DATA=$(cd ../shared/data && pwd)
  export PARLEY_SHARED_DATA
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
build() { # folder, cmake options...
  local folder=$1
  shift
  cmake -S . -B "$folder" -G Ninja "$@" >/dev/null
  cmake --build "$folder" -j "$jobs"
}
check() { # folder, ctest options...
  local folder=$1
  shift
  ctest --test-dir "$folder" --output-on-failure --timeout 600 -j "$jobs" "$@" | tee -a "$log" || status=1
}

bash examples/talks/run.sh >/dev/null
build build -DPARLEY_TESTS=ON
check build
build build-asan -DPARLEY_TESTS=ON -DCMAKE_BUILD_TYPE=Debug -DPARLEY_SANITIZE=ON -DPARLEY_CHUNK_ROWS=2 -DPARLEY_ARENA_BLOCK=0
check build-asan -LE 'plain'
build build-tsan -DPARLEY_TESTS=ON -DCMAKE_BUILD_TYPE=Debug -DPARLEY_TSAN=ON
check build-tsan -L threads

awk '/tests passed, .* tests? failed out of/ { sub(/.*passed, /, ""); failed += $1; total += $6 }
     /tests passed, .*tests failed out of/ { }
     /\*\*\*Skipped/ { skipped++; print "skipped: " $0 }
     END { printf "%d passed, %d failed, %d skipped\n", total - failed - skipped, failed, skipped }' "$log"
exit $status
