# What the interactive tests share. usage of each: NAME.sh PARLEY PTY SOURCE
set -euo pipefail
parley=$1 pty=$2 SOURCE=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home" TMPDIR="$work" LC_ALL=C.UTF-8 TERM=xterm NO_COLOR=1
unset XDG_STATE_HOME
export LSAN_OPTIONS="suppressions=$SOURCE/tests/tools/lsan.supp:print_suppressions=0"
mkdir -p "$HOME" "$work/run"
cd "$work/run"
