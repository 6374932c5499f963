#!/usr/bin/env bash
# virtuoso_need.sh WORK: Debian's packages of Virtuoso 7, its ODBC driver and two libraries, unpacked into WORK/virtuoso.
# Nothing is installed: no service starts, and the folder can simply be removed. Prints the reason when it cannot.
set -uo pipefail
folder=$1/virtuoso
[ -x "$folder/usr/bin/virtuoso-t" ] && exit 0
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { echo "no Debian package tools"; exit 1; }
mkdir -p "$folder.new/debs" || exit 1
cd "$folder.new/debs" || exit 1
packages="virtuoso-opensource-7-bin libvirtodbc0 libminizip1 libpcre3"
# shellcheck disable=SC2086
apt-get download $packages >log 2>&1 || { echo "cannot download $packages: $(tail -n 1 log)"; exit 1; }
for package in *.deb; do
  dpkg-deb -x "$package" .. || { echo "cannot unpack $package"; exit 1; }
done
cd / && rm -rf "$folder.new/debs" "$folder" && mv "$folder.new" "$folder"
