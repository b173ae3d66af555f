#!/usr/bin/env bash
# Runs the tests on each runtime given, from the Makefile: test-runtimes.sh 2.9.0 2.17.1
#
# Each test is built once, and go test has on-runtimes.sh run what it built.
set -euo pipefail
cd "$(dirname "$0")/.."

for version in "$@"; do bin/coral-runtime fetch --version "$version"; done

# go test counts what is run on all runtimes as one test, which it stops after ten minutes.
timeout=()
[[ ${GOFLAGS:-} == *-timeout* ]] || timeout=(-timeout=30m)

failed=()
# The command line is what a user meets: both modules run.
for module in . cmd/coral; do
  go test -C "$module" -count=1 "${timeout[@]}" -exec "'$PWD/scripts/on-runtimes.sh' $* --" ./... || failed+=("$module")
done
if ((${#failed[@]})); then
  echo "FAILED in ${failed[*]}, see above for the runtime" >&2
  exit 1
fi
echo "passed on TensorFlow Lite $*"
