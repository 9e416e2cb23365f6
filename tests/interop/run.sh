#!/usr/bin/env bash
# The formats of storage/merkle against code that nobody here wrote: a log of ours checked by the packages of the Go
# checksum database, and a log of theirs checked by ours. Exit 77, for ctest a skipped test, where those are missing.
#
#   tests/interop/run.sh PUBLISHED_LOG BUILD_FOLDER
set -euo pipefail

published_log=$1
folder=$2/interop
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=/usr/share/gocode

if ! command -v go >/dev/null || [[ ! -d $packages/src/golang.org/x/mod/sumdb ]]; then
  echo "interop: skipped, wants golang-go and golang-golang-x-mod-dev (deploy/setup.sh installs them)"
  exit 77
fi

rm -rf "$folder"
mkdir -p "$folder"
# Debian's packages and no module proxy; the cache stays in the build folder.
export GO111MODULE=off GOPATH=$packages GOCACHE=$2/go-cache GOFLAGS= GOPROXY=off
(cd "$here" && go vet check_log.go && go build -o "$folder/check_log" check_log.go)

"$published_log" write "$folder/ours"
"$folder/check_log" "$folder/ours" "$folder/theirs"
"$published_log" check "$folder/theirs"

# What is changed is found: one bit of one tile, one of a bundle.
for file in tile/0/003 tile/entries/003; do
  cp -r "$folder/ours" "$folder/changed"
  printf '\x5a' | dd of="$folder/changed/$file" bs=1 seek=40 conv=notrunc status=none
  if "$folder/check_log" "$folder/changed" "$folder/unused" 2>"$folder/refusal"; then
    echo "interop: a changed $file passes" >&2
    exit 1
  fi
  echo "interop: with a changed $file, $(cat "$folder/refusal")"
  rm -rf "$folder/changed"
done
