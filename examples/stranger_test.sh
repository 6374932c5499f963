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
refused "$1" 'time limit' 'match ?a0 ?p0 ?b0 . ?a1 ?p1 ?b1 . ?a2 ?p2 ?b2 . ?a3 ?p3 ?b3 . ?a4 ?p4 ?b4 . ?a5 ?p5 ?b5 . ?a6 ?p6 ?b6 . ?a7 ?p7 ?b7 . ?a8 ?p8 ?b8 . ?a9 ?p9 ?b9 . ?a10 ?p10 ?b10 . ?a11 ?p11 ?b11 . ?a12 ?p12 ?b12 . ?a13 ?p13 ?b13 . ?a14 ?p14 ?b14 . ?a15 ?p15 ?b15 where ?a0 != ?b5 and ?a1 != ?b6 and ?a2 != ?b7 and ?a3 != ?b8 and ?a4 != ?b9 and ?a5 != ?b10 and ?a6 != ?b11 and ?a7 != ?b12 and ?a8 != ?b13 and ?a9 != ?b14 and ?a10 != ?b15 and ?a11 != ?b0 and ?a12 != ?b1 and ?a13 != ?b2 and ?a14 != ?b3 and ?a15 != ?b4 return ?a0, count(distinct ?a3), max(str(?b9)) order by ?a0'
refused "$1" '' 'match match'
[ "$("$1" "$store" 'match ?s ?p ?o return count(*)')" = "$before" ]
