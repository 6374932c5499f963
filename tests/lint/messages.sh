#!/bin/bash
# Every message of src/base/messages.def is pinned, as it prints, by a golden file; those that only a fault of the machine can give are
# named below, and each is pinned by a unit test through its slug; tests/fault provokes those of full disks and failing devices.
set -u
cd "$(dirname "$0")/../.." || exit 1
# number: why no golden file can hold it
machine="
1 an allocation that fails: tests/fault fails each in turn
305 a text of 1 GiB
306 deeper than the parser lets through: unit_expr_eval
307 four billion values
500 a damaged block: unit tests damage each
501 502 552 554 564 misuse that the layers above never commit
535 537 555 560 561 563 a damaged or newer file: unit tests damage each
538 two processes making one store at once
548 the map grown by another process while readers stay: unit_store_process
547 549 551 562 565 716 limits of the store that a test cannot reach cheaply
616 a million reifiers
611 618 a row or literal of 1 GiB
703 704 wrappers around the messages of lower layers
6 broken state
"
pinned=$(grep -rhoE "PLY-[0-9]{4}" tests/golden tests/cli tests/messages/messages.txt tests/api tests/unit tests/fault 2>/dev/null | sort -u)
bad=0
while read -r number slug; do
  code=$(printf "PLY-%04d" "$number")
  grep -q "$code" <<<"$pinned" && continue
  if ! awk -v n="$number" '{for (i = 1; i <= NF && $i ~ /^[0-9]+$/; i++) if ($i == n) found = 1} END {exit !found}' <<<"$machine"; then
    echo "$code ($slug) is pinned by no golden file"
    bad=1
  fi
done < <(sed -nE 's/^PL_MESSAGE\(([0-9]+), ([A-Z_0-9]+),.*/\1 \2/p' src/base/messages.def)
exit $bad
