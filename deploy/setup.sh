#!/usr/bin/env bash
# Installs what Hattama needs to be built and tested on Debian 12, all of it from Debian. Safe to run again: when
# nothing is missing it asks dpkg alone and ends at once. Uses sudo where it is not run by root.
set -euo pipefail

packages=(
  # To build.
  g++ cmake ninja-build ccache mold pkg-config git ca-certificates
  protobuf-compiler protobuf-compiler-grpc
  # Linked.
  libgrpc++-dev libprotobuf-dev libabsl-dev librocksdb-dev libssl-dev zlib1g-dev
  libcsv-dev libcli11-dev nlohmann-json3-dev libutf8proc-dev libcpp-httplib-dev
  # Asked for by the CMake files of RocksDB and gRPC, not by ours.
  libgflags-dev libsnappy-dev libbz2-dev liblz4-dev libzstd-dev libc-ares-dev libre2-dev
  # To test and to demonstrate.
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-cryptography procps golang-go golang-golang-x-mod-dev
)

# dpkg-query fails where one package is unknown, but still prints the others.
missing=()
declare -A installed=()
while read -r name state; do
  [[ ${state:-} == installed ]] && installed[$name]=1
done <<<"$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)"
for package in "${packages[@]}"; do
  [[ ${installed[$package]:-} ]] || missing+=("$package")
done

if [[ ${#missing[@]} -eq 0 ]]; then
  echo "setup: everything is there already"
  exit 0
fi
echo "setup: installing ${missing[*]}"

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: run as root, or install sudo" >&2
    exit 1
  fi
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
