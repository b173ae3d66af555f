#!/usr/bin/env bash
# Cross-compiles the whole library for every target, for Windows and, as far as that is
# possible, for macOS, without TensorFlow Lite and linked with it, and runs tests for ARM under
# qemu-user, as root and with the kernel told of it (scripts/with-qemu.sh):
#
#   scripts/test-cross.sh [all]
#
# Without "all" they are those of the core on the Coral Dev Board's TensorFlow Lite, and those
# of what is different on 32 bits; with it all tests of the library and the command line, worker
# processes included.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$home"
# shellcheck source=scripts/targets.sh
. scripts/targets.sh
# shellcheck source=scripts/cross/environment.sh
. scripts/cross/environment.sh

# for_target NAME COMMAND... runs the command in the target's environment.
for_target() (
  target "$1"
  cross_environment
  cross_libusb
  echo "=== $1 with TensorFlow Lite $tflite: $2"
  "${@:2}"
)

# build_everything TAGS
build_everything() {
  for module in . cmd/coral; do go build -C "$module" -tags "$1" ./...; done
}

# build_linked is after build_everything, which needs no TensorFlow Lite.
build_linked() {
  cross_runtime
  cross_link
  build_everything tflite_link
}

# other_system GOOS GOARCH ZIGTARGET sets up for a system that is not Linux. libusb is
# left out there.
other_system() {
  echo "=== $1/$2, without libusb"
  export CGO_ENABLED=1 GOOS=$1 GOARCH=$2 CC="'$home/bin/tools/zig' cc -target $3" CGO_LDFLAGS=
}

# link_there links with TensorFlow Lite 2.17.1.
link_there() {
  bin/coral-runtime fetch --root bin/cross --platform "$GOOS/$GOARCH" --version 2.17.1 >/dev/null
  CGO_LDFLAGS="'-L$home/bin/cross/lib/2.17.1/${GOOS}_$GOARCH' -ltensorflowlite_c $CGO_LDFLAGS"
}

# imports PROGRAM lists the DLLs that a program for Windows cannot start without.
imports() { objdump -p "$1" | sed -n 's/.*DLL Name: //p'; }

build_for_windows() (
  other_system windows amd64 x86_64-windows-gnu
  dir=$(mktemp -d)
  trap 'rm -r "$dir"' EXIT
  build_everything nousb
  go build -C cmd/coral -tags nousb -o "$dir/coral.exe" .
  imports "$dir/coral.exe" | tr '\n' ' '
  echo
  [[ $(imports "$dir/coral.exe") == *KERNEL32* ]] || { echo "these are not all DLLs" >&2; return 1; }
  [[ $(imports "$dir/coral.exe") != *tensorflowlite* ]] || { echo "it needs TensorFlow Lite" >&2; return 1; }

  echo "=== windows/amd64 with the tag for linking, which changes nothing there"
  go build -C cmd/coral -tags nousb,tflite_link -o "$dir/coral.exe" .
  [[ $(imports "$dir/coral.exe") != *tensorflowlite* ]] || { echo "it needs TensorFlow Lite" >&2; return 1; }
)

# Apple's frameworks, which Go's own packages link with, are nowhere to be had. Empty ones
# stand in for them, and what they should have is left to be looked up when a program
# starts; so this compiles all C and links it, and shows no more.
build_for_macos() (
  stubs=$(mktemp -d)
  trap 'rm -r "$stubs"' EXIT
  for framework in CoreFoundation Security; do
    mkdir "$stubs/$framework.framework"
    text_library "/System/Library/Frameworks/$framework.framework/Versions/A/$framework" >"$stubs/$framework.framework/$framework.tbd"
  done
  text_library /usr/lib/libresolv.9.dylib >"$stubs/libresolv.tbd"
  other_system darwin arm64 aarch64-macos
  CGO_LDFLAGS="'-L$stubs' '-F$stubs' -Wl,-undefined,dynamic_lookup"
  # Without debug information, which would need Apple's strip.
  export GOFLAGS=-ldflags=-w
  for module in . cmd/coral; do go vet -C "$module" -tags nousb ./...; done
  build_everything nousb

  echo "=== darwin/arm64 linked"
  link_there
  build_everything nousb,tflite_link
)

# text_library NAME is an empty library as Apple's linkers read it.
text_library() { printf '%s\n' '--- !tapi-tbd' 'tbd-version: 4' 'targets: [ arm64-macos ]' "install-name: '$1'" ...; }

# Tests left out, because of qemu:
#   a call that is given up while a slow model runs, which takes minutes here;
#   how much memory the process or its worker takes, of which qemu's own share is unknown
#   and on which the limit has no effect;
#   a worker that ends by itself after a time that is too short here;
#   umockdev, which is preloaded into programs for this machine only;
#   a set-uid program and a file system mounted noexec, which qemu treats as any other;
#   this machine's compiler, which makes no library for the other, and zig's linker where the
#   test wants what only GNU's can do.
left_out='^(TestCancelOfWhatCannotBeInterrupted|TestOutOfMemoryIsItsOwnError|TestDroppedInterpretersLeaveNoMemory|TestNoLeak|TestSandboxMemoryLimit|TestMemoryLimitHoldsHereToo|TestFailedOpeningsLeaveNothing|TestLastWords|TestUmockdev.*|TestDevicesUnderUmockdev|TestMoreRightsThanTheUser|TestNoExec|TestCompilerInAFolderWithSpaces|TestPluginWantsTensorFlowLite)$'
# A test that was renamed would run for minutes and nobody would know why.
while read -r name; do
  git grep -q "^func $name" -- '*_test.go' || { echo "$0: there is no test $name any more, which is to be left out" >&2; exit 1; }
done < <(grep -o 'Test[A-Za-z]*' <<<"$left_out")

# run_tests SYSROOT GO-TEST-ARGUMENTS runs tests of the target on this machine, on its
# TensorFlow Lite.
run_tests() {
  cross_runtime
  export CORAL_TFLITE_LIB=$library/libtensorflowlite_c.so CORAL_EXPECT_TFLITE=$tflite QEMU_LD_PREFIX=$1
  # One test has no home folder, where zig would keep what it makes.
  export ZIG_GLOBAL_CACHE_DIR=$libs/zig-cache ZIG_LOCAL_CACHE_DIR=$libs/zig-cache
  go test -tags nousb -skip "$left_out" "${@:2}"
}

# test_bundles cross-compiles a program with C++ of its own for this machine, linked and not,
# has it classify a picture, and takes its library away.
test_bundles() (
  for name in "${targets[@]}"; do
    target "$name"
    [[ $goarch != "$(go env GOARCH)" || $name == coral ]] || break
  done
  echo "=== a program with C++, for $name"
  dir=$(mktemp -d)
  trap 'rm -r "$dir"' EXIT
  cp examples/hello/* "$dir"
  cp third_party/models/{mobilenet_quant_v1_224.tflite,imagenet_labels.txt,peacock.png} "$dir"
  cd "$dir"
  rm -f ./*_test.go
  echo 'extern "C" const char* greet() { static struct { const char* text = "C++ greets"; } it; return it.text; }' >greet.cpp
  printf '%s\n' 'package main' '// const char* greet(void);' 'import "C"' 'func init() { println(C.GoString(C.greet())) }' >greet.go
  GOWORK=off go mod edit -replace "github.com/gocoral/coral=$home"
  # says FOLDER TEXT: what the program writes about the picture, without this user's cache.
  says() {
    said=$(XDG_CACHE_HOME=$dir "$1/run-hello" peacock.png 2>&1) || true
    [[ $said == *"$2"* ]] || { echo "$1/run-hello said: $said, not: $2" >&2; return 1; }
  }
  "$home/scripts/cross.sh" . --target "$name" --output linked
  "$home/scripts/cross.sh" . --target "$name" --output opened --open-at-run-time
  for folder in linked opened; do
    says $folder 'C++ greets'
    says $folder peacock
    mv $folder/lib $folder.lib
  done
  says linked 'hello: lib/libtensorflowlite_c.so is missing; copy the whole folder'
  says opened 'C++ greets'
  says opened 'no usable TensorFlow Lite library'
  CORAL_TFLITE_LIB=$PWD/opened.lib/libtensorflowlite_c.so says opened peacock
)

core=(./delegate/... ./internal/capi ./internal/dl ./internal/oldabi ./internal/tflitelib/... ./model ./tflite)

# On 32 bits the adapter for old delegates has to know which TensorFlow Lite calls it, and
# structures have other offsets. What the other tests want of XNNPACK, this build does not have.
test_32_bits() {
  local run=(run_tests /usr/arm-linux-gnueabihf)
  "${run[@]}" ./delegate/plugin ./internal/capi ./internal/dl ./internal/oldabi ./internal/tflitelib/...
  left_out+='|^TestConformancePairs$/(deeplab|embedding|movenet|^mobilenet|ssd)' # large models, which qemu runs for minutes
  "${run[@]}" -run '^(TestConformance.*|TestResultsEqualTheTwin|TestWithoutAdapter)$' ./edgetpu/edgetputest
}

if [[ ${1:-} == all ]]; then
  # On 2.17.1, which has all functions that there are tests for.
  for_target arm64 run_tests /usr/aarch64-linux-gnu -p 1 -timeout 40m . ./delegate/... ./edgetpu/... ./internal/... ./model ./third_party/... ./tflite/... ./vision/...
  (cd cmd/coral && for_target arm64 run_tests /usr/aarch64-linux-gnu -p 1 -timeout 40m ./...)
  exit
fi

for name in "${targets[@]}"; do
  for_target "$name" build_everything ''
  for_target "$name" build_linked
done
build_for_windows
build_for_macos
test_bundles
for_target coral run_tests /usr/aarch64-linux-gnu "${core[@]}"
for_target armv7 test_32_bits
