#!/usr/bin/env bash
# Branch coverage of the library: builds it with clang's coverage twice (chunks of 2048 rows; chunks of 2 rows and a block for each request of an arena), runs the tests in both, and prints
# branches taken per layer. A branch is one outcome of one condition in the source, so `a && b` has four; what flex and bison generate is
# left out, and so is what a killed process counted.
#
#   tests/coverage/run.sh [--keep FOLDER] [--below PERCENT] [FILE...]
#
# --keep FOLDER    build and count there (and build on what is there already); otherwise a temporary folder that is removed
# --below PERCENT  end with 1 if the library has less
# FILE...          list the branches of these files that no test took, e.g. src/exec/op_path.c
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
bash cmake/deps.sh --campaigns
folder= below=0
while [ $# -gt 0 ]; do
  case $1 in
    --keep) mkdir -p "$2" && folder=$(cd "$2" && pwd) && shift 2 ;;
    --below) below=$2 && shift 2 ;;
    *) break ;;
  esac
done
if [ -z "$folder" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi
jobs=${JOBS:-$(nproc)}
if [ -z "${PARLEY_SHARED_DATA:-}" ] && [ -d ../shared/data ]; then
  PARLEY_SHARED_DATA=$(cd ../shared/data && pwd)
  export PARLEY_SHARED_DATA
fi

rm -rf "$folder/counts" && mkdir "$folder/counts"
failed=0
for rows in 2048 2; do
  CC=clang CXX=clang++ cmake -S . -B "$folder/rows-$rows" -G Ninja -DPARLEY_COVERAGE=ON -DPARLEY_CHUNK_ROWS=$rows \
    -DPARLEY_ARENA_BLOCK=$((rows == 2 ? 0 : 4096)) \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O1 -g" ${PARLEY_CMAKE:-} >/dev/null
  cmake --build "$folder/rows-$rows" -j "$jobs" >"$folder/build.log" || { tail -20 "$folder/build.log" && exit 1; }
  excluded='lint|install|transcript'
  [ "$rows" = 2048 ] || excluded="$excluded|cli" # transcripts show the ordinary chunk
  LLVM_PROFILE_FILE="$folder/counts/%4m.profraw" ctest --test-dir "$folder/rows-$rows" -j "$jobs" --timeout 900 -E "$excluded" \
    >"$folder/tests-$rows.log" || failed=1
  grep -E "tests passed|\(Failed\)|\(Timeout\)" "$folder/tests-$rows.log" || true
done

llvm-profdata merge -sparse "$folder"/counts/*.profraw -o "$folder/all.profdata"
library=$folder/rows-2048/libparley.so
report=("-instr-profile=$folder/all.profdata" '-ignore-filename-regex=generated/')
if [ $# -gt 0 ]; then
  llvm-cov show "$library" "${report[@]}" -show-branches=count "$@" | grep -E "^ +[0-9]+\||Branch.*(True|False): 0[],]" |
    awk '/Branch/ { if (line != "") print line; line = ""; print; next } { line = $0 }'
fi
llvm-cov report "$library" "${report[@]}" 2>/dev/null | awk -v below="$below" '
  $NF == "-" || /^-/ || /^Filename/ || NF < 13 { next }
  /^TOTAL/ { all = $(NF - 2); missed = $(NF - 1); next }
  { n = split($1, part, "/"); layer = n > 1 ? part[n - 1] : part[1]; count[layer] += $(NF - 2); miss[layer] += $(NF - 1) }
  END {
    for (layer in count) printf "%-10s %6d branches %6d not taken  %6.2f %%\n", layer, count[layer], miss[layer], 100 - 100 * miss[layer] / count[layer] | "sort"
    close("sort")
    percent = 100 - 100 * missed / all
    printf "%-10s %6d branches %6d not taken  %6.2f %%\n", "library", all, missed, percent
    exit percent < below
  }'
exit $failed
