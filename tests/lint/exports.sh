#!/usr/bin/env bash
# The shared library gives out parley_* and nothing else. Argument: the library.
set -euo pipefail
command -v nm >/dev/null || { echo "skipped: no nm"; exit 77; }
names=$(nm -D --defined-only "$1" | awk '{ print $NF }' | sed 's/@.*//')
others=$(grep -v '^parley_' <<<"$names" || true)
if [ -n "$others" ]; then
  printf 'exported but not public:\n%s\n' "$others"
  exit 1
fi
declared=$(grep -oE '^PARLEY_API [^(]*\bparley_[a-z_]+ *\(' "$(dirname "$0")/../../include/parley.h" | grep -oE 'parley_[a-z_]+ *\($' | tr -d ' (' | sort -u)
missing=$(comm -23 <(echo "$declared") <(sort -u <<<"$names"))
if [ -n "$missing" ]; then
  printf 'declared in parley.h but not exported:\n%s\n' "$missing"
  exit 1
fi
