#!/bin/sh
# Builds handler.wasm.
set -eu
cd "$(dirname "$0")"
${WAT2WASM:-npx --yes --package wabt@1.0.39 wat2wasm} handler.wat -o handler.wasm
