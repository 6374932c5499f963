#!/usr/bin/env bash
# need.sh FOLDER: builds the Java peers in FOLDER, with a Maven repository of their own there. Prints the reason when it cannot.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
command -v java >/dev/null && command -v javac >/dev/null && command -v mvn >/dev/null || { echo "no Java compiler or no Maven"; exit 1; }
mkdir -p "$1" && cd "$1" || exit 1
if [ -e target/lib ] && diff -rq "$here/src" src >/dev/null 2>&1 && cmp -s "$here/pom.xml" pom.xml; then
  exit 0
fi
rm -rf src target && cp -r "$here/src" "$here/pom.xml" . || exit 1
mvn -q -B -Dmaven.repo.local="$PWD/repository" package >log 2>&1 || { echo "Maven: $(grep -m 1 ERROR log || tail -n 1 log)"; rm -rf target; exit 1; }
