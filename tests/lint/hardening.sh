#!/usr/bin/env bash
# The library and the tool are built as SECURITY.md says: read-only relocations bound at the start, no executable stack, no page both
# writable and executable, position-independent, stack canaries, checked forms of libc calls, CET landing places on x86. Arguments: the library, the tool.
set -euo pipefail
command -v readelf objdump >/dev/null || { echo "skipped: no readelf"; exit 77; }
status=0
want() { # what, pattern, text
  if ! grep -qE -- "$2" <<<"$3"; then
    echo "$file: no $1"
    status=1
  fi
}
refuse() { # what, pattern, text
  if grep -qE -- "$2" <<<"$3"; then
    echo "$file: $1"
    status=1
  fi
}
for file in "$@"; do
  header=$(readelf -hW "$file")
  segments=$(readelf -lW "$file")
  dynamic=$(readelf -dW "$file")
  symbols=$(readelf --dyn-syms -W "$file")
  want "position independence" 'Type: +DYN' "$header"
  want "read-only relocations (GNU_RELRO)" 'GNU_RELRO' "$segments"
  want "binding at the start (BIND_NOW)" 'BIND_NOW|FLAGS.*NOW' "$dynamic"
  want "stack segment that is not executable" 'GNU_STACK .* RW +0x' "$segments"
  refuse "a segment is writable and executable" 'LOAD .* RWE ' "$segments"
  refuse "relocations in code (TEXTREL)" 'TEXTREL' "$dynamic"
  refuse "looks for libraries beside the caller (RPATH)" '\((RPATH|RUNPATH)\).*\[(\.|\$ORIGIN)?[^/]*\]' "$dynamic"
  want "stack canaries" '__stack_chk_fail' "$symbols"
  want "checked forms of libc calls (_FORTIFY_SOURCE)" '__[a-z]+_chk' "$symbols"
  # The mark of the whole file (IBT, SHSTK) needs a libc whose start files have it too; the landing pads are ours.
  if grep -q 'X86-64' <<<"$header" && [ "$(objdump -d "$file" | grep -c endbr64)" -lt 100 ]; then
    echo "$file: no marked landing places for indirect jumps (CET)"
    status=1
  fi
done
exit $status
