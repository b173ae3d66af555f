#!/usr/bin/env bash
# Cross-compiles with zig, and runs what can be run:
#
#   ZIG=path/to/zig scripts/test-cross.sh
#
# - the whole library for 32-bit ARM boards and for Windows, linked with the
#   runtime for each;
# - the tests of the core for the Coral Dev Board (arm64, glibc 2.28): they may ask
#   for no newer glibc, and must pass under qemu on the runtime meant for it.
#
# libusb is left out (tag nousb), and so are this machine's own link flags
# (coral_system).
set -euo pipefail
cd "$(dirname "$0")/.."

export CGO_ENABLED=1
tags=coral_system,nousb

# target GOOS GOARCH ZIGTARGET VERSION sets the environment for one platform.
target() {
  export GOOS=$1 GOARCH=$2 CC="$ZIG cc -target $3"
  lib=$PWD/third_party/lib/$4/${1}_$2
  export CGO_LDFLAGS="-L$lib"
  echo "=== $1/$2 with TensorFlow Lite $4"
  bin/coral-runtime fetch --platform "$1/$2" --version "$4" >/dev/null
}

# no_newer_than GLIBC BINARY fails if the program needs symbols of a newer glibc.
no_newer_than() {
  local newest
  newest=$(readelf --version-info "$2" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
  if [[ $(printf '%s\n' "$newest" "GLIBC_$1" | sort -V | tail -n 1) != "GLIBC_$1" ]]; then
    echo "$2 needs $newest, the board has $1" >&2
    return 1
  fi
  echo "newest symbol $newest, the board has $1"
}

target windows amd64 x86_64-windows-gnu 2.17.1
go build -tags $tags ./...

export GOARM=7
target linux arm arm-linux-gnueabihf.2.28 2.17.1
go build -tags $tags ./...

target linux arm64 aarch64-linux-gnu.2.28 2.9.0
go build -tags $tags ./...
binary=$PWD/bin/cross/tflite.test
go test -c -tags $tags -o "$binary" ./tflite
no_newer_than 2.28 "$binary"

emulator=()
[[ $(uname -m) == aarch64 ]] || emulator=(qemu-aarch64-static -L /usr/aarch64-linux-gnu)
# The one test left out waits for a slow model, which takes minutes under qemu.
cd tflite
LD_LIBRARY_PATH=$lib CORAL_EXPECT_TFLITE=2.9.0 \
  "${emulator[@]}" "$binary" -test.skip '^TestDeadlineOfWhatCannotBeInterrupted$'
