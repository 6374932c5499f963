#!/usr/bin/env bash
# The data generators keep their promises (same seed, same bytes; as many lines as asked for; a model's counts) and
# what they write loads; the hand-written loops of the reference count a small graph right.
#
# usage: generators.sh FOLDER_OF_PARLEY FOLDER_OF_BENCH
set -uo pipefail
parley=$(cd "$1" && pwd)/parley
bench=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
bad=0
fail() { echo "$*"; bad=1; }
is() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }

cat > model.txt <<'END'
#namespace x=http://x/
#namespace rdf=http://www.w3.org/1999/02/22-rdf-syntax-ns#
// Three kinds at any scale, ten things a unit of it.
<type*> x:Kind 3
</type>
<type> x:Thing 10
<pgroup> 1.0
#predicate x:size integer 1 9 normal
#predicate x:made date 2000-02-28 2000-02-29
</pgroup>
<pgroup> 1.0 @x:Kind0
#predicate x:name name
</pgroup>
</type>
#association x:Thing rdf:type x:Kind 2 1 1.0 ZIPFIAN
#association x:Thing x:owns x:Thing 1 1 1.0 UNIFORM
#association x:Thing x:likes x:Thing 2 3 1.0 UNIFORM @x:Kind0 @x:Kind1
END
"$bench/watdiv" model.txt 20 > a.nt || fail "watdiv failed"
"$bench/watdiv" model.txt 20 --seed 1 | cmp - a.nt || fail "the same seed gives other bytes"
"$bench/watdiv" model.txt 20 --seed 2 | cmp -s - a.nt && fail "another seed gives the same bytes"
is "sizes" "$(grep -c '<http://x/size>' a.nt)" 200
is "dates" "$(grep -c '<http://x/made> "2000-02-2[89]"' a.nt)" 200
is "sizes beyond the range" "$(grep '<http://x/size>' a.nt | grep -vc '"[1-9]"')" 0
owned=$(grep '<http://x/owns>' a.nt | cut -d' ' -f3)
is "owned twice" "$(sort <<<"$owned" | uniq -d)" ""
named=$(grep '<http://x/name>' a.nt | cut -d' ' -f1 | sort)
is "named things" "$named" "$(grep 'ns#type> <http://x/Kind0>' a.nt | cut -d' ' -f1 | sort)"
liked=$(grep '<http://x/likes>' a.nt | cut -d' ' -f3 | sort -u)
ones=$(grep 'ns#type> <http://x/Kind1>' a.nt | cut -d' ' -f1 | sort -u)
is "liked things of another kind" "$(comm -23 <(echo "$liked") <(echo "$ones"))" ""
printf '#mapping v1 x:Kind uniform\nSELECT ?v0 WHERE {\n\t?v0\trdf:type\t%%v1%% .\n}\n' > template.txt
is "queries" "$("$bench/watdiv" model.txt 1 --fill template.txt 7 | grep -cE '^	\?v0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://x/Kind[0-2]> \.$')" 7
printf '<type> x:Thing 10\n' > wrong.txt
is "a wrong model" "$("$bench/watdiv" wrong.txt 1 2>&1)" "wrong.txt:1: a name without a known namespace, or too long"
"$parley" load a.db a.nt | grep -q '^loaded [0-9,]* rows' || fail "WatDiv's data does not load"

for format in nt jsonl; do
  "$bench/meetings" $format 3000 > m.$format || fail "meetings failed"
  "$bench/meetings" $format 3000 1 | cmp - m.$format || fail "the same seed gives other meetings"
  is "lines of $format" "$(wc -l < m.$format)" 3000
  "$parley" load m-$format.db m.$format | grep -q '^loaded 3,000 rows' || fail "meetings as $format do not load"
done

# All edges between five nodes, from the smaller to the larger, and one from the last to the first.
for a in 1 2 3 4 5; do
  for ((b = a + 1; b <= 5; b++)); do
    echo "<urn:n$a> <urn:e> <urn:n$b> ."
    echo "<urn:n$a> <urn:e> <urn:n$b> ."
  done
done > g.nt
echo '<urn:n5> <urn:back> <urn:n1> .' >> g.nt
ask() {
  rm -f files.txt
  printf '%s\n' '{"do":"open","store":"."}' '{"do":"load","files":["g.nt"],"format":"nt"}' \
    "{\"do\":\"run\",\"texts\":[\"$1\"],\"times\":1}" '{"do":"close"}' | "$bench/reference" | sed -n 3p
}
sum() { # what a peer says of one row that is this number (bench/README.md)
  case $1 in
    0) echo f4dbdf2100310031 ;;
    1) echo 83dcefb700320032 ;;
    4) echo f3b61b3800350035 ;;
    5) echo 84b12bae00360036 ;;
    10) echo a15d25e100940062 ;;
  esac
}
while IFS='|' read -r number question; do
  ask "$question" | grep -q "\"sum\":\"$(sum "$number")\"" || fail "$question: not $number: $(ask "$question")"
done <<'END'
10|two-hop <urn:e> <urn:e>
5|three-hop <urn:e> <urn:e> <urn:e>
10|triangles <urn:e>
5|four-cliques <urn:e>
0|four-cycles <urn:e>
4|reach <urn:n1> <urn:e>
1|reach <urn:n5> <urn:back>
END
printf '%s\n' '{"do":"open","store":"."}' '{"do":"load","files":["g.nt"]}' | "$bench/reference" | grep -q 'is not empty' ||
  fail "a store loaded twice"
exit $bad
