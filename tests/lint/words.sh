#!/usr/bin/env bash
# No promise is left as a note in the code, nothing generated or large is in git, and files stay readable in one sitting.
set -euo pipefail
cd "$(dirname "$0")/../.."
bad=0
if git grep -nE '\b(TODO|FIXME|XXX|HACK)\b' -- src grammar include tests examples bench ':!tests/lint/words.sh'; then
  bad=1
fi
while read -r lines file; do
  if [ "$lines" -gt 800 ] && [ "$file" != total ]; then
    echo "$file: $lines lines; look for the seam"
    bad=1
  fi
done < <(git ls-files 'src/*.c' 'src/*.h' 'tests/*.c' 'grammar/*' | xargs wc -l)
reference=$(cat tests/diff/reference*.[ch] | wc -l)
if [ "$reference" -ge 1000 ]; then
  echo "tests/diff/reference*: $reference lines; it is trusted because it can be read, so below 1000"
  bad=1
fi
while read -r bytes file; do
  if [ "$bytes" -gt 1048576 ]; then
    echo "$file: $bytes bytes; not in git"
    bad=1
  fi
done < <(git ls-files -z | xargs -0 stat -c '%s %n')
exit $bad
