#!/usr/bin/env bash
# Cross-compiles the tests of the core for the Coral Dev Board (arm64, glibc 2.28)
# with zig, checks that the program asks for no newer glibc, and runs it under
# qemu with the runtime meant for that board. On an arm64 machine it runs as is.
#
#   ZIG=path/to/zig scripts/test-cross.sh
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.9.0
glibc=2.28
lib=$PWD/third_party/lib/$version/linux_arm64
out=$PWD/bin/cross
cc="$ZIG cc -target aarch64-linux-gnu.$glibc"

bin/coral-runtime fetch --version "$version" --platform linux/arm64
mkdir -p "$out"

export CGO_ENABLED=1 GOOS=linux GOARCH=arm64 CC=$cc CGO_LDFLAGS="-L$lib"
for package in ${PACKAGES:-./tflite}; do
  binary=$out/$(basename "$package").test
  # coral_system: without this machine's own link flags.
  go test -c -tags coral_system,nousb -o "$binary" "$package"

  newest=$(readelf --version-info "$binary" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
  if [[ $(printf '%s\n' "$newest" "GLIBC_$glibc" | sort -V | tail -n 1) != "GLIBC_$glibc" ]]; then
    echo "$package needs $newest, the board has $glibc" >&2
    exit 1
  fi
  echo "$package for arm64: newest symbol $newest"

  run=("$binary" -test.timeout=20m)
  if [[ $(uname -m) != aarch64 ]]; then
    run=(qemu-aarch64-static -L /usr/aarch64-linux-gnu -E "LD_LIBRARY_PATH=$lib" "${run[@]}")
  fi
  (cd "$package" && LD_LIBRARY_PATH=${lib} CORAL_EXPECT_TFLITE=$version "${run[@]}")
done
