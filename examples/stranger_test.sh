#!/bin/sh
# Arguments: the programs stranger and embed. A question is answered; a change, too many rows and a product that would take years end
# with an error; the store holds what it held.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
store=$folder/s.parley
"$2" "$store" >/dev/null
before=$("$1" "$store" 'match ?s ?p ?o return count(*)')
refused() { # text in the message, question
  code=0
  "$1" "$store" "$3" >/dev/null 2>"$folder/error" || code=$?
  if [ "$code" != 1 ] || ! grep -qi -- "$2" "$folder/error"; then
    echo "not refused as expected ($2): $3"
    cat "$folder/error"
    exit 1
  fi
}
refused "$1" 'reading only' 'insert ( a b c )'
refused "$1" 'reading only' 'match ?s ?p ?o delete ( ?s ?p ?o )'
refused "$1" 'reading only' 'define x = a|b'
refused "$1" 'rows' 'match ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?s ?h . ?i ?t ?j . ?k ?u ?l . ?m ?v ?n return ?a'
pattern='?a0 ?p0 ?b0' names='length(str(?a0))' i=1
while [ "$i" -lt 40 ]; do # as many rows as the facts to the power of 40
  pattern="$pattern . ?a$i ?p$i ?b$i" names="$names + length(str(?a$i))" i=$((i + 1))
done
refused "$1" 'time limit' "match $pattern where $names < 0 return count(*)"
refused "$1" '' 'match match'
[ "$("$1" "$store" 'match ?s ?p ?o return count(*)')" = "$before" ]
