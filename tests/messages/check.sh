#!/bin/bash
# check.sh [--update] PROGRAM - compare what PROGRAM (messages.c) prints with messages.txt beside this script.
set -u
here=$(cd "$(dirname "$0")" && pwd)
update=
[ "$1" = --update ] && { update=1; shift; }
seen=$(mktemp) || exit 1
trap 'rm -f "$seen"' EXIT
"$1" >"$seen" || { echo "messages: the program failed"; tail -5 "$seen"; exit 1; }
[ "$update" ] && { cp "$seen" "$here/messages.txt"; exit; }
diff -u "$here/messages.txt" "$seen"
