#!/usr/bin/env bash
# A transaction in the shell: the prompt shows it, a wrong statement leaves it open, leaving rolls it back.
source "$(dirname "$0")/lib.bash"

"$pty" "$parley" new.db <<'END'
prompt parley> 
send begin\n
prompt parley*> 
send insert ( Ada knows Bob );\n
wait 1 new fact
prompt parley*> 
send match ?x knows ?y return ?z;\n
wait never bound
wait note: the transaction stays open
prompt parley*> 
send .load x.nt\n
wait commit or rollback first
prompt parley*> 
send commit;\n
prompt parley> 
send begin;\n
prompt parley*> 
send insert ( Ada knows Cid );\n
wait 1 new fact
prompt parley*> 
send rollb\t\n
prompt parley> 
send match Ada knows ?y return ?y;\n
wait Bob
wait (1 row, 
prompt parley> 
send .fo\tmerm\t\n
prompt parley> 
send match ?s ?p ?o return graph;\n
wait flowchart LR
prompt parley> 
send begin\n
prompt parley*> 
send insert ( Ada knows Dan );\n
wait 1 new fact
prompt parley*> 
send \^D
wait the transaction was not committed: rolled back
end 0
END
"$parley" query new.db --format tsv 'match Ada knows ?y return ?y' | tail -n +2 | cmp - <(echo Bob)
