#!/usr/bin/env bash
# Builds Parley, makes the data, installs the peers, runs all of them on the same questions, writes RESULTS.md and plots. See bench/README.md.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build
work=
self_test=
no_build=
rest=()
while [ $# -gt 0 ]; do
  case "$1" in
    --work) work=$(mkdir -p "$2" && cd "$2" && pwd); shift 2 ;;
    --build) build=$(mkdir -p "$2" && cd "$2" && pwd); shift 2 ;;
    --no-build) no_build=1; shift ;;
    --self-test) self_test=1; shift ;;
    *) rest+=("$1"); shift ;;
  esac
done
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
work=${work:-$build/bench-work}
shared=${PARLEY_SHARED_DATA:-$root/../shared/data}
mkdir -p "$work"

if [ -n "$self_test" ]; then
  exec python3 "$root/bench/suite/selftest.py" --work "$work" --build "$build" --shared "$shared"
fi
case " ${rest[*]-} " in *" --help "* | *" -h "*)
  exec python3 "$root/bench/suite/main.py" --help ;;
esac

packages=()
[ -e /usr/include/sqlite3.h ] || packages+=(libsqlite3-dev)
command -v sqlite3 >/dev/null || packages+=(sqlite3)
command -v strace >/dev/null || packages+=(strace)
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
if command -v apt-get >/dev/null; then
  bash "$root/cmake/deps.sh"
  sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
  [ ${#packages[@]} -eq 0 ] || DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
generator=(); command -v ninja >/dev/null && generator=(-G Ninja)
[ -e "$build/CMakeCache.txt" ] || cmake -S "$root" -B "$build" "${generator[@]}" >/dev/null
if [ -z "$no_build" ] && ! cmake --build "$build" -j "$(nproc)" >"$work/build.log" 2>&1; then
  grep -E 'error:|FAILED:' "$work/build.log" | cut -c1-200
  exit 1
fi
if ! [ -e "$work/venv/ready" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q -r "$root/bench/peers/requirements.txt"
  touch "$work/venv/ready"
fi
exec python3 "$root/bench/suite/main.py" --work "$work" --build "$build" --shared "$shared" --python "$work/venv/bin/python" "${rest[@]}"
