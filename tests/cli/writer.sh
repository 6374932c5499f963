#!/usr/bin/env bash
# Two writers: the second waits and says so on a terminal, gives up at Ctrl-C, and with --no-wait does not wait at all.
source "$(dirname "$0")/lib.bash"

echo '<urn:a> <urn:p> <urn:o> .' >a.nt
"$parley" load --quiet kg.db a.nt
mkfifo rows
"$parley" load --format nt kg.db - <rows >summary &
load=$!
exec 3>rows
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "<urn:x:%d> <urn:p> <urn:o> .\n", i }' >&3

# The load holds the store as soon as it has written its first rows.
code=0
for _ in $(seq 2000); do
  code=0
  "$parley" query --no-wait kg.db 'insert ( <urn:a> <urn:p> <urn:o> )' >/dev/null 2>refused || code=$?
  [ $code = 0 ] || break
done
[ $code = 3 ]
grep -q 'another writer holds' refused

"$pty" "$parley" query kg.db 'insert ( <urn:b> <urn:p> <urn:o> )' <<'END'
wait waiting for another writer
send \^C
wait interrupted
end 5
END
"$pty" "$parley" kg.db <<'END'
prompt parley> 
send begin\n
wait waiting for another writer
send \^C
wait interrupted
prompt parley> 
send commit\n
wait no transaction is open
prompt parley> 
send \^D
end 0
END
# Readers see the state before the load.
"$parley" query kg.db --format csv 'match ?s <urn:p> ?o return count(*) as ?n' | grep -q '^1.$'

exec 3>&-
wait $load
grep -q '^loaded 20,000 rows: 20,000 new facts' summary
"$parley" query kg.db --format csv 'match ?s <urn:p> ?o return count(*) as ?n' | grep -q '^20001.$'
