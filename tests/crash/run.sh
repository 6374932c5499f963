#!/usr/bin/env bash
# The crash campaigns in full; what they simulate and what not is in README.md beside this file.
#   bash tests/crash/run.sh kill [COUNT] [SEED]   a writing process killed at every system call (some 5000 kills), then at random, COUNT in all (20000)
#   bash tests/crash/run.sh power [SEED...]       lost power, replayed from a record, once for each seed (1 2 3)
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
campaign=${1:-}
[ $# -gt 0 ] && shift
case $campaign in
  kill | power) ;;
  *) echo "usage: bash tests/crash/run.sh kill [COUNT] [SEED] | power [SEED...]" >&2; exit 2 ;;
esac
cmake -S . -B "$build" -G Ninja >/dev/null
cmake --build "$build" --target "crash_$campaign" >/dev/null
if [ "$campaign" = kill ]; then
  exec "$build/tests/crash_kill" --kills "${1:-20000}" --seed "${2:-1}"
fi
[ $# -gt 0 ] || set -- 1 2 3
status=0
for seed in "$@"; do
  "$build/tests/crash_power" --seed "$seed" --random 24 || status=1
done
exit $status
