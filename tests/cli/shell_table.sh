#!/usr/bin/env bash
# Tables fit the terminal, wide characters keep their columns, and data cannot drive the terminal.
source "$(dirname "$0")/lib.bash"

printf '%s\n' \
  '{"subject": "東京太郎", "predicate": "says", "object": {"value": "a long sentence that cannot possibly fit into a terminal of forty columns"}}' \
  '{"subject": "Ada", "predicate": "says", "object": {"value": "\u001b[31mred\u0007\u202e"}}' \
  '{"subject": "Lê Hoài Trung", "predicate": "says", "object": {"value": "xin chào"}}' >data.jsonl
"$parley" load --quiet kg.db data.jsonl
query='match ?who says ?what return ?who, ?what order by ?who'

"$pty" --show bash -c 'stty cols 40; "$0" kg.db "$1"' "$parley" "$query" >narrow <<'END'
wait (3 rows, 
end 0
END
tr -d '\r' <narrow | sed 's/rows, .* s)/rows)/' >seen
cat >expected <<'END'
who            what
-------------  -------------------------
Ada            \u001B[31mred\u0007\u202E
Lê_Hoài_Trung  xin chào
東京太郎       a long sentence that can…
(3 rows)
END
diff expected seen
for format in csv tsv json jsonl markdown; do
  "$pty" --show "$parley" query kg.db --format $format "$query" >raw <<'END'
end 0
END
  if grep -q $'[\033\007]' raw || grep -q $'\u202e' raw; then
    echo "$format lets control characters reach the terminal"
    exit 1
  fi
done

# Colour on a terminal, none with NO_COLOR, none in a pipe.
unset NO_COLOR
"$pty" --show "$parley" kg.db 'return ?x' >colour <<'END'
end 1
END
grep -q $'\033\[1;31mPLY' colour
NO_COLOR=1 "$pty" --show "$parley" kg.db 'return ?x' >plain <<'END'
end 1
END
! grep -q $'\033' plain
{ "$parley" kg.db 'return ?x' || true; } >piped 2>&1
! grep -q $'\033' piped
