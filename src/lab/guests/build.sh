#!/bin/sh
# Rebuilds the hostile modules, or those of the folder that GUESTS names, from their text; `--check` fails when a committed module differs.
set -eu
cd "$(dirname "$0")"
wat2wasm=$PWD/../../../node_modules/.bin/wat2wasm
[ -e "$wat2wasm" ] || { echo "build.sh: wabt is missing. Run npm start or npm test once: they install it." >&2; exit 1; }
cd "${GUESTS:-.}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
for text in *.wat; do
  name=${text%.wat}
  "$wat2wasm" "$text" -o "$scratch/$name.wasm"
  if [ "${1:-}" = --check ]; then cmp "$scratch/$name.wasm" "$name.wasm"; else cp "$scratch/$name.wasm" "$name.wasm"; fi
done
