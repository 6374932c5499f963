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
refused "$1" 'read-only' 'insert ( a b c )'
refused "$1" 'read-only' 'match ?s ?p ?o delete ( ?s ?p ?o )'
refused "$1" 'read-only' 'define x = a|b'
refused "$1" 'rows' 'match ?a ?p ?b . ?c ?q ?d . ?e ?r ?f return ?a'
refused "$1" 'limit' 'match ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?s ?h . ?i ?t ?j . ?k ?u ?l . ?m ?v ?n . ?o ?w ?x return count(distinct concat(str(?a), str(?c), str(?e), str(?g), str(?i), str(?k), str(?m), str(?o)))'
refused "$1" '' 'match match'
[ "$("$1" "$store" 'match ?s ?p ?o return count(*)')" = "$before" ]
