#!/usr/bin/env bash
# Everything that must hold, from a bare machine: set-up, release build, ctest, sanitizers, end-to-end and crash tests,
# the demonstration. Prints "N passed, N failed, N skipped" as its last line and exits non-zero where anything failed.
#
#   tests/run.sh [--quick]     --quick leaves out the sanitizers
#
# HATTAMA_DATA names the folder of real elections (default: ../shared/data beside the repository); tests that need it are
# skipped where it is not there.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
export HATTAMA_DATA=${HATTAMA_DATA:-$root/../shared/data}
export HATTAMA_BIN_DIR=${HATTAMA_BIN_DIR:-$root/build/release/bin}
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
quick=no
[[ ${1:-} == --quick ]] && quick=yes

results=$root/build/results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0 failures=()

finish() {
  echo
  for failure in ${failures[@]+"${failures[@]}"}; do echo "FAILED: $failure"; done
  echo "$passed passed, $failed failed, $skipped skipped"
  [[ $failed -eq 0 ]] || exit 1
  exit 0
}

# announce TITLE: a heading with the time since the start.
announce() { printf '\n== %s (after %d s)\n' "$1" "$SECONDS"; }

# require TITLE COMMAND...: a step without which the rest makes no sense.
require() {
  local title=$1
  shift
  announce "$title"
  if ! "$@"; then
    failures+=("$title")
    failed=$((failed + 1))
    finish
  fi
}

# add PASSED FAILED SKIPPED TITLE
add() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
  [[ $2 -eq 0 ]] || failures+=("$4: $2")
}

# run_ctest PRESET ARGUMENTS...: the C++ suites, counted from ctest's own report.
run_ctest() {
  local preset=$1 report=$results/ctest-$1.xml counts
  shift
  announce "ctest, $preset"
  ctest --preset "$preset" -j "$(nproc)" --output-junit "$report" "$@" >"$results/ctest-$preset.log" 2>&1
  local status=$?
  if [[ $status -ne 0 ]]; then cat "$results/ctest-$preset.log"; else tail -n 4 "$results/ctest-$preset.log"; fi
  if counts=$(python3 tests/support/count_junit.py "$report"); then
    # A run that failed without naming a test (a program that does not start) still failed.
    [[ $status -ne 0 && $counts == *" 0 "* ]] && add 0 1 0 "ctest, $preset, exit status $status"
    # shellcheck disable=SC2086
    add $counts "ctest, $preset"
  else
    add 0 1 0 "ctest, $preset, wrote no report"
  fi
}

# run_python FOLDER: the end-to-end tests of a folder.
run_python() {
  local counts
  counts=$results/$(basename "$1").counts
  announce "$1"
  python3 tests/support/run_unittests.py "$1" "$counts"
  if [[ -s $counts ]]; then
    # shellcheck disable=SC2046
    add $(cat "$counts") "$1"
  else
    add 0 1 0 "$1 did not end"
  fi
}

# run_script TITLE COMMAND...: one program that succeeds or fails as a whole.
run_script() {
  local title=$1
  shift
  announce "$title"
  if "$@"; then add 1 0 0 "$title"; else add 0 1 0 "$title"; fi
}

require "set-up" deploy/setup.sh
require "configure, release" cmake --preset release
require "build, release" cmake --build --preset release
require "both programs are built" test -x "$HATTAMA_BIN_DIR/hattamad" -a -x "$HATTAMA_BIN_DIR/hattama"
run_ctest release
run_python tests/python
run_python tests/scenarios
run_python tests/crash
run_script "deploy/demo.sh" deploy/demo.sh

if [[ $quick == no ]]; then
  for preset in asan tsan; do
    require "configure, $preset" cmake --preset "$preset"
    require "build, $preset" cmake --build --preset "$preset" --target hattama_tests
    run_ctest "$preset" -LE script
  done
fi
finish
