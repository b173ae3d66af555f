#!/usr/bin/env bash
# Cross-compiles the whole library for every target, for Windows and, as far as that is
# possible, for macOS, and runs tests under qemu-user:
#
#   scripts/test-cross.sh [all]
#
# Without "all" they are those of the core on the Coral Dev Board's TensorFlow Lite; with
# it all tests of the library and the command line, worker processes included. The latter
# needs root and binfmt_misc (scripts/with-qemu.sh).
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$home"
# shellcheck source=scripts/targets.sh
. scripts/targets.sh
# shellcheck source=scripts/cross/environment.sh
. scripts/cross/environment.sh

tags=coral_system

# for_target NAME COMMAND... runs the command in the target's environment.
for_target() (
  target "$1"
  cross_environment
  cross_libusb
  "${@:2}"
)

build_everything() {
  echo "=== $1 with TensorFlow Lite $tflite"
  for module in . cmd/coral; do go build -C "$module" -tags $tags ./...; done
}

# Tests left out, which measure time or memory that qemu distorts:
#   a deadline while a slow model runs, which takes minutes here;
#   how much the process grows, of which qemu's own share is unknown.
left_out='^(TestDeadlineOfWhatCannotBeInterrupted|TestDroppedInterpretersLeaveNoMemory|TestNoLeak)$'

# run_tests GO-TEST-ARGUMENTS runs tests of the target on this machine.
run_tests() {
  export LD_LIBRARY_PATH=$library CORAL_EXPECT_TFLITE=$tflite QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
  go test -tags $tags,nousb -skip "$left_out" "$@"
}

core_tests() {
  local emulator=()
  [[ $(uname -m) == aarch64 ]] || emulator=(-exec qemu-aarch64-static)
  run_tests "${emulator[@]}" ./tflite ./delegate/... ./model ./internal/capi
}

if [[ ${1:-} == all ]]; then
  # On 2.17.1, which has all functions that there are tests for.
  for_target arm64 run_tests -p 1 -timeout 40m . ./delegate/... ./edgetpu/... ./internal/... ./model ./third_party/... ./tflite/... ./vision/...
  (cd cmd/coral && for_target arm64 run_tests -p 1 -timeout 40m ./...)
  exit
fi

for name in "${targets[@]}"; do for_target "$name" build_everything "$name"; done
for_target coral core_tests
