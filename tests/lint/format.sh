#!/usr/bin/env bash
# Every C file is formatted by the one .clang-format.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v clang-format >/dev/null || { echo "skipped: no clang-format"; exit 77; }
git ls-files '*.c' '*.h' | grep -v '^include/parley.h$' | xargs clang-format --dry-run -Werror
