#!/usr/bin/env bash
# Includes point down only: base < term < text < store < load; term < algebra < lang; algebra < expr; opt, exec; all < api; parley.h < cli.
set -euo pipefail
cd "$(dirname "$0")/../.."
declare -A allowed=(
  [base]="base"
  [term]="base term"
  [store]="base term text store"
  [text]="base term text"
  [load]="base term store text load"
  [algebra]="base term algebra store/dataset.h"
  [lang]="base term algebra lang store/dataset.h ../../grammar/keywords.def"
  [expr]="base term text algebra expr store/dataset.h"
  [opt]="base term algebra opt expr/chunk.h expr/expr.h store/dataset.h"
  [exec]="base term algebra expr opt exec store/dataset.h store/statement.h store/writer.h store/assertion.h"
  [api]="base term store text load algebra lang expr opt exec api parley.h"
  [cli]="parley.h"
)
bad=0
for file in src/*/*.[ch] grammar/*.[ly]; do
  layer=$(basename "$(dirname "$file")")
  [ "$layer" = grammar ] && layer=lang
  while read -r include; do
    ok=0
    for entry in ${allowed[$layer]}; do
      if [ "$include" = "$entry" ] || [ "${include%%/*}" = "$entry" ]; then ok=1; fi
    done
    # Files of the tool's own folder include each other by bare name.
    if [ "$layer" = cli ] && [ -e "src/cli/$include" ]; then ok=1; fi
    if [ $ok = 0 ]; then
      echo "$file includes $include, which layer $layer may not see"
      bad=1
    fi
  done < <(sed -nE 's/^#[[:space:]]*include[[:space:]]+"([^"]+)".*/\1/p' "$file")
done
exit $bad
