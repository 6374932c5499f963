#!/usr/bin/env bash
# bash tests/stop/run.sh [BUILD] [OPTIONS of stop_latency]: how long after an interrupt each operator, loader and command returns.
# About half an hour, 2 GB in $TMPDIR; on an idle machine no maximum may be beyond 100 ms. The table of the last run is in README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=build
if [ $# -gt 0 ] && [ -d "$1" ]; then
  build=$1
  shift
fi
cmake --build "$build" --target stop_latency >/dev/null
exec "$build/tests/stop_latency" "$@"
