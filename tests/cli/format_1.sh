#!/usr/bin/env bash
# A store of format 1, kept as it was written then, must be read, checked, queried and written by every later version;
# a store of a newer format is refused by every command, with a word on what to do, and not touched.
source "$(dirname "$0")/lib.bash"
command -v zstd >/dev/null || { echo "skipped: no zstd"; exit 77; }

base64 -d "$SOURCE/tests/data/format-1.b64" | zstd -dq >kept.db
cp kept.db s.db

# Read.
[ "$("$parley" check s.db)" = ok ]
[ "$("$parley" check --deep s.db)" = ok ]
"$parley" check --deep --json s.db | grep -q '"format": 1, .*"verdict": "sound"}$'
"$parley" export s.db | cmp - "$SOURCE/tests/data/format-1.jsonl"
[ "$("$parley" set s.db single)" = born_in ]
"$parley" set s.db labels | grep -q '<http://example.org/name>\|ex:name'
[ "$(printf '.definitions\n' | "$parley" s.db | wc -l)" = 2 ]
[ "$("$parley" s.db --format tsv 'match Person_7 townsman ?x return count(distinct ?x) as ?n' | tail -1)" -gt 1 ]
[ "$("$parley" s.db --format tsv 'match Person_4 born_in ?t { source gazette.txt } return ?t' | tail -1)" = Town_6 ]
[ "$("$parley" s.db --format tsv 'match ?v <http://example.org/lang> ?t where ?t ~ "hello" return ?t' | wc -l)" = 3 ]
cmp kept.db s.db # nothing of this wrote

# Write.
"$parley" s.db 'insert ( Person_7 knows Person_8 { source "new.txt" } ); match Person_3 ?p ?o delete ( Person_3 ?p ?o )' >/dev/null
[ "$("$parley" check --deep s.db)" = ok ]
"$parley" repair s.db mended.db >said || { cat said; exit 1; }
"$parley" export s.db >one.jsonl
"$parley" export mended.db | cmp - one.jsonl
[ "$("$parley" check --deep mended.db)" = ok ]

# Bytes of the header, wherever a page holds a copy of it: after the 8 of "PARLEY\r\n" comes the format.
header() {
  cp kept.db "$1"
  grep -abo $'PARLEY\r' kept.db | cut -d: -f1 | while read -r at; do
    printf "$3" | dd of="$1" bs=1 seek=$((at + $2)) conv=notrunc status=none
  done
}
refused() { # exit code, words, command
  local code=0
  "$parley" "${@:3}" >out 2>&1 || code=$?
  [ $code = "$1" ] && grep -q "$2" out || { echo "parley ${*:3}: exit code $code"; cat out; exit 1; }
}
header newer.db 8 '\002'
cp newer.db before.db
for command in 'check newer.db' 'check --json newer.db' 'stats newer.db' 'export newer.db' 'repair newer.db to.db' 'newer.db describe~Person_7' \
  'newer.db insert~(~a~b~c~)'; do
  words=($command)
  refused 3 'PLY-0535.*newer Parley (file format 2, this one reads up to 1)' "${words[@]//\~/ }"
done
for command in backup compact; do
  if "$parley" help 2>&1 | grep -q "^ *$command "; then
    words=("$command" newer.db)
    [ "$command" = compact ] || words+=(to.db)
    refused 3 'PLY-0535' "${words[@]}"
  fi
done
cmp newer.db before.db
[ ! -e to.db ]

# A header whose checksum is wrong is damage; its facts are saved all the same.
header wrong.db 33 'X'
refused 4 'PLY-0537.*its header has a wrong checksum' check wrong.db
refused 4 '"findings": \[' check --json wrong.db
grep -q '"part": "file", "text": "the store is damaged: its header has a wrong checksum"' out
grep -q '"verdict": "damaged"' out
refused 4 'settings: the header cannot be read' repair wrong.db saved.db
[ "$("$parley" check --deep saved.db)" = ok ]
[ "$("$parley" export saved.db | wc -l)" = "$(wc -l <"$SOURCE/tests/data/format-1.jsonl")" ]
