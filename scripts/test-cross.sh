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
  echo "=== $1 with TensorFlow Lite $tflite"
  "${@:2}"
)

build_everything() {
  for module in . cmd/coral; do go build -C "$module" -tags $tags ./...; done
}

# other_system GOOS GOARCH ZIGTARGET sets up for a system that is not Linux. libusb is
# left out there.
other_system() {
  echo "=== $1/$2 with TensorFlow Lite 2.17.1, without libusb"
  bin/coral-runtime fetch --root bin/cross --platform "$1/$2" --version 2.17.1 >/dev/null
  tags+=,nousb
  export CGO_ENABLED=1 GOOS=$1 GOARCH=$2 CC="'$home/bin/tools/zig' cc -target $3"
  export CGO_LDFLAGS="'-L$home/bin/cross/lib/2.17.1/$1_$2'"
}

build_for_windows() (
  other_system windows amd64 x86_64-windows-gnu
  build_everything
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
  CGO_LDFLAGS+=" '-L$stubs' '-F$stubs' -Wl,-undefined,dynamic_lookup"
  # Without debug information, which would need Apple's strip.
  export GOFLAGS=-ldflags=-w
  for module in . cmd/coral; do go vet -C "$module" -tags $tags ./...; done
  build_everything
)

# text_library NAME is an empty library as Apple's linkers read it.
text_library() { printf '%s\n' '--- !tapi-tbd' 'tbd-version: 4' 'targets: [ arm64-macos ]' "install-name: '$1'" ...; }

# Tests left out, because of qemu:
#   a call that is given up while a slow model runs, which takes minutes here;
#   how much memory the process or its worker takes, of which qemu's own share is unknown
#   and on which the limit has no effect;
#   a worker that ends by itself after a time that is too short here;
#   umockdev, which is preloaded into programs for this machine only;
#   this machine's compiler, which makes no library for the other.
left_out='^(TestCancelOfWhatCannotBeInterrupted|TestOutOfMemoryIsItsOwnError|TestDroppedInterpretersLeaveNoMemory|TestNoLeak|TestSandboxMemoryLimit|TestMemoryLimitHoldsHereToo|TestFailedOpeningsLeaveNothing|TestLastWords|TestUmockdev.*|TestDevicesUnderUmockdev|TestCompilerInAFolderWithSpaces)$'
# A test that was renamed would run for minutes and nobody would know why.
while read -r name; do
  git grep -q "^func $name" -- '*_test.go' || { echo "$0: there is no test $name any more, which is to be left out" >&2; exit 1; }
done < <(grep -o 'Test[A-Za-z]*' <<<"$left_out")

# run_tests GO-TEST-ARGUMENTS runs tests of the target on this machine.
run_tests() {
  export LD_LIBRARY_PATH=$library CORAL_EXPECT_TFLITE=$tflite QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
  # One test has no home folder, where zig would keep what it makes.
  export ZIG_GLOBAL_CACHE_DIR=$libs/zig-cache ZIG_LOCAL_CACHE_DIR=$libs/zig-cache
  go test -tags $tags,nousb -skip "$left_out" "$@"
}

# test_bundle cross-compiles a program with C++ of its own for this machine, and takes its
# library away.
test_bundle() (
  for name in "${targets[@]}"; do
    target "$name"
    [[ $goarch != "$(go env GOARCH)" || $name == coral ]] || break
  done
  echo "=== a program with C++, for $name"
  dir=$(mktemp -d)
  trap 'rm -r "$dir"' EXIT
  cp examples/hello/* "$dir"
  cd "$dir"
  rm -f ./*_test.go
  echo 'extern "C" const char* greet() { static struct { const char* text = "C++ greets"; } it; return it.text; }' >greet.cpp
  printf '%s\n' 'package main' '// const char* greet(void);' 'import "C"' 'func init() { println(C.GoString(C.greet())) }' >greet.go
  GOWORK=off go mod edit -replace "github.com/gocoral/coral=$home"
  "$home/scripts/cross.sh" . --target "$name"
  # says TEXT: what the program ends in.
  says() {
    said=$("dist/$name/run-hello" 2>&1) || true
    [[ $said == *"$1"* ]] || { echo "run-hello said: $said, not: $1" >&2; return 1; }
  }
  says 'C++ greets'
  says 'usage: hello'
  rm -r "dist/$name/lib"
  says 'hello: lib/libtensorflowlite_c.so is missing; copy the whole folder'
)

core_tests() {
  # Starts itself, for which the kernel has to know qemu; it is among all tests.
  left_out+='|^TestOldPluginNeedsAdapter$'
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

for name in "${targets[@]}"; do for_target "$name" build_everything; done
build_for_windows
build_for_macos
test_bundle
for_target coral core_tests
