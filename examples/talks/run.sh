#!/usr/bin/env bash
# From a fresh clone to answers: installs the packages, builds, loads the statements of five articles, asks the questions.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash cmake/deps.sh
cmake -S . -B build -G Ninja -DPARLEY_TESTS=OFF >/dev/null
cmake --build build
rm -f talks.db talks.db-lock
build/parley load talks.db examples/talks/talks.jsonl
build/parley query talks.db -f examples/talks/questions.pq
echo "The store is ./talks.db; go on asking with: build/parley talks.db"
