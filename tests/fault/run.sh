#!/usr/bin/env bash
# The long form of the fault campaigns: every fault at every place.
#
# usage: tests/fault/run.sh [alloc|threads|malloc|calls|sites|places]...    (all of them without arguments)
#   BUILD=folder of a build (default build), BUILD_SANITIZE=folder of a build with PARLEY_SANITIZE (default build-asan,
#   left out where there is none)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
[ $# -gt 0 ] || set -- alloc threads malloc calls sites places
bad=0
for build in "${BUILD:-build}" "${BUILD_SANITIZE:-build-asan}"; do
  if [ ! -f "$build/CMakeCache.txt" ]; then
    echo "no build in $build"
    continue
  fi
  cmake --build "$build" --target fault parley_cli >/dev/null || exit 1
  for campaign in "$@"; do
    if [ "$campaign" = places ]; then
      bash tests/fault/places.sh "$build/parley" || bad=1
    elif [ "$campaign" != malloc ] || ! grep -qE '^PARLEY_(SANITIZE|TSAN):BOOL=ON' "$build/CMakeCache.txt"; then
      "$build/tests/fault/fault" "$campaign" || bad=1
    fi
  done
done
exit $bad
