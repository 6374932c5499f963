#!/usr/bin/env bash
# Installs the build into a temporary folder and builds examples/embed.c against it, once with find_package and once with pkg-config.
# Arguments: build folder, source folder, C compiler.
set -euo pipefail
build=$1 source=$2 compiler=$3
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prefix=$folder/prefix
cmake --install "$build" --prefix "$prefix" >/dev/null

mkdir "$folder/project"
cp "$source/examples/embed.c" "$folder/project"
cat >"$folder/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(embed C)
find_package(parley REQUIRED)
add_executable(embed embed.c)
target_link_libraries(embed PRIVATE parley::parley)
END
cmake -G Ninja -S "$folder/project" -B "$folder/project/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" >/dev/null
cmake --build "$folder/project/build" >/dev/null
"$folder/project/build/embed" "$folder/one.parley" >"$folder/one.txt"

pc=$(find "$prefix" -name parley.pc -printf '%h\n')
PKG_CONFIG_PATH=$pc
export PKG_CONFIG_PATH
# The file names the prefix of configuring; the copy lies elsewhere.
flags=$(pkg-config --define-variable=prefix="$prefix" --cflags --libs parley)
libdir=$(pkg-config --define-variable=prefix="$prefix" --variable=libdir parley)
# shellcheck disable=SC2086 # the flags are words
"$compiler" -std=c11 -Wall -Wextra -Werror "$source/examples/embed.c" -o "$folder/embed" $flags
LD_LIBRARY_PATH=$libdir "$folder/embed" "$folder/two.parley" >"$folder/two.txt"
cmp "$folder/one.txt" "$folder/two.txt"
grep -q . "$folder/one.txt"
