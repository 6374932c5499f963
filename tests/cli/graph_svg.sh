#!/usr/bin/env bash
# `--format svg` and `png`, drawn by Graphviz; skipped where there is none.
source "$(dirname "$0")/lib.bash"
command -v dot >/dev/null || { echo "Graphviz is not installed"; exit 77; }

"$parley" load talks.db "$SOURCE/examples/talks/talks.jsonl" --quiet
meetings='match ?m a Meeting ; held_in ?city ; participant ?who return graph'
"$parley" query talks.db --format svg "$meetings" >meetings.svg
[ "$(grep -c '<svg' meetings.svg)" = 1 ]
grep -q 'Le Hoai Trung</text>' meetings.svg           # a label
grep -q '>participant</text>' meetings.svg            # of an edge too
grep -q '>Meeting</text>' meetings.svg                # a class in the legend
grep -q '000_180a774464033652.txt, char=' meetings.svg # a source in a tooltip
"$parley" query talks.db --format png "$meetings" >meetings.png
[ "$(head -c 4 meetings.png | tail -c 3)" = PNG ]
