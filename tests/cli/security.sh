#!/usr/bin/env bash
# What SECURITY.md says of the tool: file modes follow the umask, links laid in the way are not followed, a read-only query changes nothing,
# nothing that the data names is opened or run, and control characters do not reach a terminal.
source "$(dirname "$0")/lib.bash"

fail() {
  echo "security: $*"
  exit 1
}
mode() { stat -c %a "$1"; }
echo '<urn:a> <urn:p> <urn:o> .' >a.nt
echo 'do not touch' >victim

# ---- modes ----
for mask in 022 077 007; do
  want=$(printf '%o' $((0666 & ~mask)))
  (umask $mask && "$parley" load -q m$mask.db a.nt && "$parley" export -o m$mask.out m$mask.db)
  for file in m$mask.db m$mask.db-lock m$mask.out; do
    [ "$(mode $file)" = "$want" ] || fail "$file has mode $(mode $file), not $want"
  done
done
export XDG_STATE_HOME=$PWD/state
"$pty" "$parley" m022.db <<'END'
prompt parley> 
send match <urn:a> ?p ?o return ?o;\n
prompt parley> 
send \^D
end 0
END
[ "$(mode state/parley/history)" = 600 ] || fail "the history has mode $(mode state/parley/history)"
[ "$(mode state/parley)" = 700 ] || fail "its folder has mode $(mode state/parley)"

# ---- links ----
"$parley" load -q s.db a.nt
rm -f s.db-lock
for lay in "ln -s victim" "ln victim"; do
  $lay s.db-lock
  code=0
  "$parley" s.db 'match ?s ?p ?o' >out 2>&1 || code=$?
  [ $code = 3 ] || fail "a lock file that is a link ($lay): exit code $code"
  rm -f s.db-lock
done
ln -s victim new.db-lock # of a store that is yet to be made: the name is cleared
"$parley" load -q new.db a.nt
ln -s missing link.db
code=0
"$parley" load -q link.db a.nt 2>out || code=$?
[ $code != 0 ] && [ ! -e missing ] || fail "a store was made through a link"
mkdir folder
echo keep >folder/store
ln -s folder b.db.building-abcdef
"$parley" load -q b.db a.nt
[ "$(cat folder/store)" = keep ] || fail "a link to a folder was taken for a leftover"
ln -s victim2 out.nt # whoever names a link for output means the file behind it
echo old >victim2
"$parley" export -o out.nt --format nt s.db
[ -L out.nt ] && grep -q urn:a victim2 || fail "export did not follow the name it was given"
[ "$(cat victim)" = 'do not touch' ] || fail "something was written through a link"

# ---- a stranger's query ----
before=$(sha256sum <s.db)
for text in 'insert ( a b c )' 'match ?s ?p ?o delete ( ?s ?p ?o )' 'define x = a|b' 'begin; insert ( a b c ); commit'; do
  code=0
  "$parley" query --read-only s.db "$text" >out 2>&1 || code=$?
  [ $code = 3 ] && grep -q 'reading only' out || fail "--read-only: exit code $code for: $text"
done
[ "$(sha256sum <s.db)" = "$before" ] || fail "--read-only changed the store"
[ "$("$parley" query --read-only --format tsv s.db 'match <urn:a> ?p ?o return count(*) as ?n' | tail -1)" = 1 ] || fail "--read-only does not read"

# ---- what the data names ----
cat >data.ttl <<'END'
@base <file:///etc/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
<passwd> a owl:Ontology ; owl:imports <file:///etc/shadow>, <http://127.0.0.1:9/more.ttl> ;
  <urn:parley:label> "$(touch owned)", "`touch owned`", "| touch owned", "\u001B]0;owned\u0007\u001B[31mred", "x\", image=\"/etc/hostname" .
END
"$parley" load -q d.db data.ttl
"$parley" query --format dot d.db 'match ?s ?p ?o return graph' >d.dot
! grep -E '(^|[^\\])", image=' d.dot || fail "a text ended its quotes in the picture"
"$parley" d.db 'match ?s ?p ?o return ?s, ?o' >table
! grep -q $'[\x07\x1b]' table || fail "a control character reached the table"
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
  {
    export ASAN_OPTIONS=detect_leaks=0 # a leak sanitizer cannot trace a traced process
    strace -f -o trace.load -e trace=%file,%process,%network "$parley" load -q t.db data.ttl
    strace -f -o trace.query -e trace=%file,%process,%network "$parley" t.db 'match ?s ?p ?o { source ?x } return ?s, ?p, ?o'
    strace -f -o trace.describe -e trace=%file,%process,%network "$parley" describe --format json t.db '<file:///etc/passwd>'
    strace -f -o trace.export -e trace=%file,%process,%network "$parley" export --format ttl --assertions t.db
    strace -f -o trace.check -e trace=%file,%process,%network "$parley" check t.db
  } >out 2>&1
  for trace in trace.*; do
    [ "$(grep -c 'execve(' $trace)" = 1 ] || fail "$trace: a program was started"
    ! grep -E 'socket\(|connect\(|etc/passwd|shadow|more\.ttl|owned|hostname' <(grep -v 'execve(' $trace) || fail "$trace: what the data names was looked for"
  done
else
  echo "skipped in part: no strace"
fi
[ ! -e owned ] || fail "a text was run"
