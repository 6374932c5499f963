#!/usr/bin/env bash
# The long form of the concurrency campaign: one writer and 32 readers, half of them processes, half threads of one process; somebody is
# killed about ten times a second. Usage: run.sh [SECONDS=600] [BUILD=build]. Prints a summary line; exits with 1 if anything was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
build=${2:-build}
[ -x "$build/tests/stress_main" ] || { echo "build first: cmake --build $build --target stress_main"; exit 2; }
exec "$build/tests/stress_main" --seconds "$seconds" --processes 16 --threads 16 --seed "${SEED:-$RANDOM$RANDOM}"
