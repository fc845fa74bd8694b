#!/bin/sh
# Builds handler.wasm. npm install has put the compiler into node_modules.
set -eu
cd "$(dirname "$0")"
ASC=${ASC:-node_modules/.bin/asc}
"$ASC" assembly/index.ts --runtime stub --use abort= --disable exception-handling -O3z --noAssert -o handler.wasm
