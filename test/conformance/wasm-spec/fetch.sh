#!/usr/bin/env bash
# Brings the WebAssembly spec suite's scripts to FOLDER, from the Debian source package that carries them.
# Needs a Debian or Ubuntu machine with apt and tar; no root, and nothing outside FOLDER is touched.
#
# apt works in a private directory here: its own lists and cache, sources as the machine's own with source packages added. What
# it brings is what it verified: the archive's signature over the index, the index's hash of the package.
set -euo pipefail

readonly PACKAGE=binaryen
readonly SCRIPTS='*/test/spec/*.wast' # where the package keeps them
readonly SECONDS_PER_STEP=120
readonly FEWEST=50 # fewer scripts are not the suite

fail() {
  echo "fetch.sh: $*" >&2
  exit 1
}

(($# == 1)) && [[ $1 != -* && -n $1 ]] || fail "usage: fetch.sh FOLDER"
mkdir -p "$1" 2>/dev/null && [[ -w $1 ]] || fail "cannot write to $1: name a folder of your own"
folder=$(cd "$1" && pwd)
if [[ -e $folder/.complete ]]; then
  echo "fetch.sh: $folder has the suite already"
  exit 0
fi
for tool in apt-get tar timeout; do
  command -v "$tool" >/dev/null || fail "$tool is missing: this needs Debian or Ubuntu; elsewhere, take the .wast files from the suite's own repository"
done

private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT
mkdir -p "$private"/{state/lists/partial,cache/archives/partial,sources,download}

# The machine's sources, in both forms, each for source packages only.
shopt -s nullglob
for file in /etc/apt/sources.list.d/*.sources; do
  sed -E 's/^Types:.*/Types: deb-src/I' "$file" >"$private/sources/$(basename "$file")" 2>/dev/null || true
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  sed -nE 's/^[[:space:]]*deb(-src)?([[:space:]])/deb-src\2/p' "$file" 2>/dev/null | sort -u >"$private/sources/$(basename "$file" .list).list" || true
done
find "$private/sources" -type f -empty -delete
[[ -n $(ls "$private/sources") ]] || fail "this machine has no apt sources to take the suite from"

apt_private() {
  timeout "$SECONDS_PER_STEP" "$@" \
    -o Dir::State="$private/state" -o Dir::State::status=/dev/null -o Dir::Cache="$private/cache" \
    -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$private/sources" \
    -o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::Retries=2 -o Debug::NoLocking=1
}

# One source that does not answer, or has no source packages, must not keep the others from serving.
apt_private apt-get -qq update >"$private/log" 2>&1 || true
cd "$private/download"
apt_private apt-get -qq source --download-only "$PACKAGE" >>"$private/log" 2>&1 ||
  fail "apt did not bring the source package $PACKAGE: $(grep -m 1 -E '^[EW]: (Failed|Some)' "$private/log" || grep -m 1 '^E:' "$private/log" || echo 'no answer in time')"
archives=("$PACKAGE"_*.orig.tar.*)
[[ ${#archives[@]} -ge 1 && -f ${archives[0]} ]] || fail "the source package $PACKAGE has no archive"

mkdir "$private/unpacked"
timeout "$SECONDS_PER_STEP" tar --extract --file "${archives[0]}" --directory "$private/unpacked" --strip-components=3 \
  --no-same-owner --exclude='*.fail.wast' --wildcards "$SCRIPTS" || fail "the archive of $PACKAGE has no scripts in test/spec"
count=$(find "$private/unpacked" -type f -name '*.wast' | wc -l)
((count >= FEWEST)) || fail "the archive of $PACKAGE has only $count scripts: it does not carry the suite"
cp -R "$private/unpacked/." "$folder/"
echo "${archives[0]}" >"$folder/.complete"
echo "fetch.sh: $count scripts of ${archives[0]} are in $folder"
