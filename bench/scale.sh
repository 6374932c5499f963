#!/usr/bin/env bash
# What Parley costs as data grows, and when the store is larger than memory: scale.csv, scale.svg and scale.md in the work folder.
#   bash bench/scale.sh [--sizes 1,3,10,30,100] [--limits 64,256] [--work FOLDER] [--build FOLDER]
# Sizes are millions of WatDiv triples, limits MB of memory for the whole process and its part of the page cache (needs a writable cgroup).
# The largest size needs 180 bytes a triple on disk while it is loaded; files are removed as soon as they are not needed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
exec python3 "$root/bench/suite/scale.py" --root "$root" "$@"
