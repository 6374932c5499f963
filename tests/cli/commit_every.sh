#!/usr/bin/env bash
# A load in steps: what has come is seen by others while the input is still open, and stays when the load is stopped.
source "$(dirname "$0")/lib.bash"

mkfifo rows
"$parley" load --format nt --commit-every 1000 kg.db - <rows >summary 2>errors &
load=$!
exec 3>rows
printf '<urn:a> <urn:p> <urn:%d> .\n' 1 2 3 >&3
seen=0
for _ in $(seq 2000); do
  seen=$("$parley" query kg.db --format tsv 'match <urn:a> <urn:p> ?o return count(*) as ?n' 2>/dev/null | tail -n 1) || seen=0
  [ "$seen" != 3 ] || break
done
[ "$seen" = 3 ]
kill -TERM $load # an interrupt is ignored by what bash runs in the background
code=0
wait $load || code=$?
exec 3>&-
[ $code = 5 ]
grep -q '^last row committed: 3$' summary
grep -q interrupted errors
