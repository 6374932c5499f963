#!/usr/bin/env bash
# The shell on a terminal: statements over several lines, Ctrl-C, Ctrl-D, history, dot commands, a store that is made.
source "$(dirname "$0")/lib.bash"

"$pty" "$parley" new.db <<'END'
wait does not exist yet
prompt parley> 
send match ?p a Person return ?p;\n
wait does not exist yet; .load or an insert makes it
prompt parley> 
send insert ( Ada a Person ; knows Bob );\n
wait 2 new facts, 0 new assertions
prompt parley> 
send match ?p a Person\n
prompt ...> 
send return ?p\n
prompt ...> 
send \n
wait Ada
wait (1 row, 
prompt parley> 
# Ctrl-C throws away what was typed, and stays.
send match ?p a\n
prompt ...> 
send Nonsense\^C
prompt parley> 
send .mod json\n
wait did you mean `.mode`?
prompt parley> 
send .mode json\n
prompt parley> 
send match ?p knows ?q return ?p, ?q;\n
wait {"p": "Ada", "q": "Bob"}
prompt parley> 
send \^D
end 0
END
[ -e new.db ]
[ "$(stat -c %a "$HOME/.local/state/parley/history")" = 600 ]

# The history comes back in the next session.
"$pty" "$parley" new.db <<'END'
prompt parley> 
send \e[A
wait match ?p knows ?q return ?p, ?q;
send \n
wait Bob
wait (1 row, 
prompt parley> 
send .quit\n
end 0
END

# Asked to end, the shell ends, and keeps its history. Text is UTF-8 whatever the environment says.
LC_ALL=C "$pty" "$parley" new.db <<'END'
prompt parley> 
send match `Lê Hoài Trung` ?p ?o return ?p;\n
wait (0 rows, 
prompt parley> 
signal 15
end 5
END
grep -q 'Trung' "$HOME/.local/state/parley/history"

# Nothing is made by looking only.
"$pty" "$parley" other.db <<'END'
prompt parley> 
send return 1 as ?x;\n
wait does not exist yet
prompt parley> 
send .stats\n
wait PLY-0530
prompt parley> 
send \^D
end 0
END
[ ! -e other.db ]
