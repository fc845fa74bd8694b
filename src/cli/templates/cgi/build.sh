#!/bin/sh
# Builds handler.wasm.
set -eu
cd "$(dirname "$0")"
target=wasm32-wasip1
# The stack is below the data: an overflow traps instead of overwriting it.
RUSTFLAGS="-C link-arg=--stack-first -C link-arg=-zstack-size=65536" \
  cargo build --quiet --locked --release --target "$target" --target-dir target
cp "target/$target/release/handler.wasm" handler.wasm
