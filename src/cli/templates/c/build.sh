#!/bin/sh
# Builds handler.wasm. CLANG and WASM_LD name other versions of the two tools.
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang-14}
wasm_ld=${WASM_LD:-wasm-ld-14}
object=$(mktemp)
trap 'rm -f "$object"' EXIT

"$clang" --target=wasm32-unknown-unknown -std=c11 -Wall -Wextra -Werror -O2 -ffreestanding -nostdlib \
  -c handler.c -o "$object"
# The stack is below the data: an overflow traps instead of overwriting it.
"$wasm_ld" --no-entry --strip-all --stack-first -z stack-size=16384 "$object" -o handler.wasm
