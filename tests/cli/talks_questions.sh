#!/usr/bin/env bash
# Every open question of the talks set has its record in tests/golden/talks.test, under its number and with its words.
# Arguments: parley, pty, source folder.
set -euo pipefail
source=$3
questions=${PARLEY_SHARED_DATA:-$source/../shared/data}/talks/questions-open.jsonl
[ -r "$questions" ] || { echo "skipped: no $questions"; exit 77; }
sed -E 's/^\{"id": "(q[0-9]+)", "q": "(([^"\\]|\\.)*)".*/# \1: \2/; s/\\(.)/\1/g' "$questions" | sort |
  comm -23 - <(sort "$source/tests/golden/talks.test") | grep . && exit 1
exit 0
