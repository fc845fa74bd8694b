#!/bin/sh
# Rebuilds the modules of the benchmarks from their text; `--check` fails when a committed module differs.
set -eu
cd "$(dirname "$0")"
GUESTS=$PWD exec ../../src/lab/guests/build.sh "$@"
