#!/usr/bin/env bash
# The language as it is documented: every ```parley block of the documentation runs on the store of the five articles, each on a copy of its
# own, and every row of a table that begins `| example | gives |` gives what it says.
# Arguments: parley, pty, source folder.
set -uo pipefail
parley=$1 source=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C.UTF-8 TZ=UTC
cd "$folder" || exit 2
"$parley" load talks.db "$source/examples/talks/talks.jsonl" --quiet || exit 1
bad=0

# Blocks: FILE.LINE holds the text of the block that begins there.
for file in "$source"/docs/*.md; do
  awk -v name="$(basename "$file")" '
    /^```/ { if (out) { close(out); out = "" } else if ($0 == "```parley") out = name "." NR; next }
    out { print > out }' "$file"
done
blocks=0
for block in *.md.*; do
  blocks=$((blocks + 1))
  cp talks.db copy.db
  if ! "$parley" query copy.db -f "$block" >printed 2>&1; then
    echo "docs/${block%.*}, line ${block##*.}:"
    grep -A 4 '^PLY-' printed || tail -5 printed
    bad=1
  fi
  rm -f copy.db copy.db-lock
done
[ $blocks -ge 10 ] || { echo "only $blocks blocks found"; bad=1; }

# Examples: the expressions of the first column against the values of the second, one by one.
awk '/^\| example \| gives \|/ { inside = 1; next } !/^\|/ { inside = 0 } inside && !/^\|--/' "$source/docs/language.md" >rows
: >wanted
: >asked
while IFS= read -r row; do
  cells=${row#| }
  gives=${cells#* | }
  gives=${gives%% | *}
  grep -oE '`[^`]+`' <<<"${cells%% | *}" | tr -d '`' | sed 's/.*/return & as ?answer;/' >>asked
  if [ "$gives" = null ]; then echo >>wanted; else grep -oE '`[^`]+`' <<<"$gives" | tr -d '`' >>wanted; fi
done <rows
"$parley" query talks.db --format tsv -f asked 2>errors | tr -d '\r' | awk 'take { print; take = 0 } $0 == "answer" { take = 1 }' >given
[ -s errors ] && { cat errors; bad=1; }
[ "$(wc -l <asked)" -ge 50 ] || { echo "only $(wc -l <asked) examples found"; bad=1; }
if ! diff <(paste asked wanted) <(paste asked given); then
  bad=1
fi
exit $bad
