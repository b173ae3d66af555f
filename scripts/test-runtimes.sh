#!/usr/bin/env bash
# Runs the tests on each runtime given, from the Makefile: test-runtimes.sh 2.9.0 2.17.1
#
# coral-runtime fetch links the checkout to the runtime that TFLITE names, so each
# run is built against its own library; CORAL_EXPECT_TFLITE makes a test assert
# that the library which answers is that one. Whatever happens, the link that was
# there before is put back.
set -euo pipefail
cd "$(dirname "$0")/.."

link=internal/capi/link_local.go
saved=$(mktemp)
[[ ! -e $link ]] || cp -p "$link" "$saved"
restore() {
  if [[ -s $saved ]]; then cp -p "$saved" "$link"; else rm -f "$link"; fi
  rm -f "$saved"
}
trap restore EXIT

failed=()
for version in "$@"; do
  echo "=== TensorFlow Lite $version"
  TFLITE=$version bin/coral-runtime fetch
  # The command line has no code that depends on the runtime's version, and it is
  # what a user meets: both modules run.
  for module in . cmd/coral; do
    [[ -e $module/main.go || $module == . ]] || continue
    (cd "$module" && CORAL_EXPECT_TFLITE=$version go test -count=1 ./...) || failed+=("$version in $module")
  done
done
if ((${#failed[@]})); then
  printf 'FAILED on TensorFlow Lite %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "passed on TensorFlow Lite $*"
