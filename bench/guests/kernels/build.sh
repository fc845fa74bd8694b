#!/bin/sh
# Rebuilds the kernels of benchmark `tax` from C and Rust; `--check` fails when a committed module differs. Compilers change what
# they emit, so the bytes are those of clang 14.0.6 with wasi-libc (Debian 12: clang-14, lld-14, wasi-libc) and rustc 1.95.0.
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang-14}
rustc=${RUSTC:-rustc}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

finish() { # built committed
  if [ "$check" = --check ]; then cmp "$1" "$2"; else cp "$1" "$2"; fi
}

build_c() { # name flags...
  name=$1
  shift
  "$clang" -std=c11 -O3 -Wall -Wextra -Werror -fvisibility=hidden -mbulk-memory -msign-ext -mnontrapping-fptoint "$@" \
    "c/$name.c" -o "$scratch/$name.wasm" -Wl,--export=run,--strip-all,-z,stack-size=65536
  finish "$scratch/$name.wasm" "$name.wasm"
}

build_rust() { # name
  "$rustc" --edition 2021 --crate-type cdylib --crate-name kernel --target wasm32-unknown-unknown -D warnings \
    -C opt-level=3 -C lto=fat -C codegen-units=1 -C panic=abort -C strip=symbols "rust/$1.rs" -o "$scratch/$1.wasm"
  finish "$scratch/$1.wasm" "$1.wasm"
}

check=${1:-}
bare='--target=wasm32 -nostdlib -ffreestanding -Wl,--no-entry'
for name in matmul sieve sha256 nbody quicksort fib crc32 mandelbrot spectral-norm hash-map interpreter dispatch memory; do
  build_c "$name" $bare
done
build_c blur $bare -msimd128
build_c binary-trees --target=wasm32-wasi -mexec-model=reactor
for name in json lz string-search base64 word-count; do build_rust "$name"; done
