#!/usr/bin/env bash
# Run a transcript and compare: every line that begins with `$ ` is a command, run by bash in one empty folder with the
# built parley first in PATH and SOURCE naming the source tree; the lines up to the next command are what it prints
# (standard output and standard error, as a person sees them).
#
#   …          anywhere in an expected line stands for any text, alone on a line for any number of lines
#   ? N        as the last line of a command: its exit code, when that is not 0
#   > text     right after the command: its next line
#   # text     before the first command: a comment; empty lines before a command are for the eye
#
# usage: transcript.sh [--update | --console] FOLDER_OF_PARLEY SOURCE FILE
#   --update   rewrite the file with what was printed (… is lost in commands whose output changed)
#   --console  the transcript is in the ```console blocks of a Markdown file; the examples folder is linked in
set -uo pipefail
mode=check
case ${1:-} in
  --update) mode=update; shift ;;
  --console) mode=console; shift ;;
esac
bin=$(cd "$1" && pwd) || exit 2
SOURCE=$(cd "$2" && pwd) || exit 2
file=$(realpath "$3") || exit 2
export SOURCE PATH="$bin:$PATH" LC_ALL=C.UTF-8 TZ=UTC TERM=dumb
unset NO_COLOR XDG_STATE_HOME
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/home" "$work/run"
export HOME="$work/home" TMPDIR="$work"
cd "$work/run" || exit 2

text=$(cat "$file"; echo x)
text=${text%x}
if [ "$mode" = console ]; then
  text=$(awk '/^```console/ { inside = 1; next } /^```/ { inside = 0 } inside' "$file")$'\n'
  ln -s "$SOURCE/examples" examples
  if ! grep -q '^\$ ' <<<"$text"; then
    echo "no console block in $file"
    exit 77
  fi
fi

# One expected line, as a pattern.
line_matches() { # expected, printed
  local pattern=${1//\\/\\\\}
  pattern=${pattern//\*/\\*}
  pattern=${pattern//\?/\\?}
  pattern=${pattern//\[/\\[}
  pattern=${pattern//…/*}
  # shellcheck disable=SC2053
  [[ $2 == $pattern ]]
}

matches() { # expected, printed: whole texts
  local -a want got
  [ "$1" = "$2" ] && return 0
  mapfile -t want <<<"$1"
  mapfile -t got <<<"$2"
  local i=0 j=0
  while [ $i -lt ${#want[@]} ]; do
    if [ "${want[i]}" = … ]; then
      i=$((i + 1))
      [ $i -ge ${#want[@]} ] && return 0
      while [ $j -lt ${#got[@]} ] && ! line_matches "${want[i]}" "${got[j]}"; do j=$((j + 1)); done
    fi
    [ $j -lt ${#got[@]} ] && line_matches "${want[i]}" "${got[j]}" || return 1
    i=$((i + 1)) j=$((j + 1))
  done
  [ $j -ge ${#got[@]} ]
}

status=0
rewritten=
command= expected= number=0 at=0
run() {
  [ -n "$command" ] || return 0
  local printed code gap=
  timeout 60 bash -c "$command" >"$work/printed" 2>&1 </dev/null
  code=$?
  printed=$(tr -d '\0\r' <"$work/printed")
  [ $code = 0 ] || printed+="${printed:+$'\n'}? $code"
  [[ $expected != $'\n' && $expected != *$'\n\n' ]] || gap=$'\n' # empty lines before the next command are for the eye
  while [[ $expected == *$'\n' ]]; do
    expected=${expected%$'\n'}
  done
  if matches "$expected" "$printed"; then
    rewritten+="\$ ${command//$'\n'/$'\n> '}"$'\n'"${expected:+$expected$'\n'}$gap"
    return 0
  fi
  rewritten+="\$ ${command//$'\n'/$'\n> '}"$'\n'"${printed:+$printed$'\n'}$gap"
  if [ "$mode" != update ]; then
    status=1
    echo "$file:$at: \$ $command"
    diff --label expected --label printed -u <(printf '%s\n' "$expected") <(printf '%s\n' "$printed") | tail -n +3
  fi
}

text=${text//$'\r'/} # carriage returns are left out of the comparison
while IFS= read -r line; do
  number=$((number + 1))
  if [[ $line == '$ '* ]]; then
    run
    command=${line#\$ } expected= at=$number
  elif [ -z "$command" ]; then
    rewritten+="$line"$'\n'
  elif [[ $line == '> '* && -z $expected ]]; then
    command+=$'\n'${line#> }
  else
    expected+=$line$'\n'
  fi
done <<<"${text%$'\n'}"
run
if [ "$mode" = update ]; then
  printf '%s' "$rewritten" >"$file"
fi
exit $status
