#!/usr/bin/env bash
# Installs what Parley is built and tested with, from the system's packages (Debian 12). Needs root or sudo; does nothing when all is there.
set -euo pipefail

packages=(gcc g++ cmake ninja-build pkg-config flex bison liblmdb-dev libserd-dev libxxhash-dev libutf8proc-dev
  libpcre2-dev libjansson-dev libcsv-dev libzstd-dev zlib1g-dev libedit-dev)
tests=(git libcmocka-dev clang-format zstd gzip bsdutils binutils man-db graphviz)
case "${1:-}" in
  --tests) packages+=("${tests[@]}") ;;
  --campaigns) packages+=("${tests[@]}" clang llvm libclang-rt-14-dev valgrind strace) ;; # fuzzing, coverage, Helgrind
esac

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
sudo=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps.sh: these packages are missing and neither root nor sudo is at hand: ${missing[*]}" >&2; exit 1; }
  sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
