#!/usr/bin/env bash
# The picture in README.md is what its own command draws: the ```mermaid block against the output of the console command that asks for Mermaid.
# Arguments: parley, pty, source folder.
set -uo pipefail
parley=$1 source=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C.UTF-8 TZ=UTC
cd "$folder" || exit 2
"$parley" load talks.db "$source/examples/talks/talks.jsonl" --quiet || exit 1
awk '/^\$ parley .*--format mermaid/ { sub(/^\$ parley/, ""); print; inside = 1; next }
     inside && /^> / { print substr($0, 3); next } { inside = 0 }' "$source/README.md" | sed 's/ > [a-z]*\.mmd$//' >command
awk '/^```mermaid/ { inside = 1; next } /^```/ { inside = 0 } inside' "$source/README.md" >wanted
[ -s command ] && [ -s wanted ] || { echo "README.md has no picture"; exit 1; }
eval "\"\$parley\" $(cat command)" >given || exit 1
diff wanted given
