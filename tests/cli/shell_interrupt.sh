#!/usr/bin/env bash
# Ctrl-C stops a running query and a load, not the shell; a stopped load changes nothing.
source "$(dirname "$0")/lib.bash"

awk 'BEGIN { for (i = 0; i < 3000; i++) printf "<urn:x:%d> <urn:x:p> <urn:x:o> .\n", i }' >star.nt
"$parley" load --quiet star.db star.nt
"$pty" "$parley" star.db <<'END'
prompt parley> 
send .timer on\n
prompt parley> 
send return 6 * 7 as ?x; match ?a <urn:x:p> ?o . ?b <urn:x:p> ?o . ?c <urn:x:p> ?o where hash(?a) = hash(?b) + hash(?c) return count(*) as ?n;\n
# The first answer shows that the line was taken: a Ctrl-C before that would throw it away.
wait 42
send \^C
wait interrupted
prompt parley> 
send match ?a <urn:x:p> ?o return count(*) as ?n;\n
wait 3000
prompt parley> 
send \^D
end 0
END

# A load from a pipe that never ends: rows are read, Ctrl-C, nothing is there.
mkfifo pipe.nt
"$pty" bash -c '(trap "" INT; cat star.nt; exec sleep 600) >pipe.nt & "$0" load half.db pipe.nt; code=$?; kill $!; exit $code' "$parley" <<'END'
wait reading
send \^C
wait nothing was changed
end 5
END
[ ! -e half.db ]
ls -A | grep -q 'half' && { echo "left behind: $(ls -A)"; exit 1; }
exit 0
