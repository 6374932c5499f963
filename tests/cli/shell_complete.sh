#!/usr/bin/env bash
# Tab completes commands, file names, keywords, variables, and the store's predicates and classes.
source "$(dirname "$0")/lib.bash"

cat >people.jsonl <<'END'
{"subject": "Ada", "subject_type": "Mathematician", "predicate": "corresponded_with", "object": "Mary"}
END
mkdir folder
touch folder/questions.pq
"$parley" load --quiet kg.db people.jsonl
"$pty" "$parley" kg.db <<'END'
prompt parley> 
send .sch\t
wait ema 
send \^U.read fold\t
wait er/
send ques\t
wait tions.pq
send \^Umat\t
wait ch 
send ?who corr\t
wait esponded_with 
send ?whom ; a Math\t
wait ematician 
send ret\t
wait urn 
send ?w\t
wait ho
send \t
wait ?whom
wait return ?who
send \^C
prompt parley> 
send match ?a ?b ?c { confi\t
wait dence 
send \^C
prompt parley> 
send \^D
end 0
END
