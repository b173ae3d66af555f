#!/usr/bin/env bash
# Cross-compiles a program that uses this library, and puts it into a folder with all
# that it needs on the other machine:
#
#   scripts/cross.sh PACKAGE --target coral|arm64|armv7|amd64 [--output DIR] [-- GO BUILD FLAGS]
#
# PACKAGE is a folder or import path, of any module that imports this library; run it
# from there. In DIR, dist/TARGET by default, there are afterwards
#
#   NAME                          the program
#   lib/libtensorflowlite_c.so    which it finds by its RUNPATH, $ORIGIN/lib
#   run-NAME                      starts it, or says what the machine lacks
#
# libusb is the other machine's own (1.0.22 or newer); -- -tags nousb does without.
#
# CORAL_ZIG, CORAL_RUNTIME and CORAL_LIBS name a zig, a coral-runtime and the folder of
# fetched runtimes; by default they are this checkout's, and made when missing.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/targets.sh
. "$home/scripts/targets.sh"

fail() {
  echo "cross.sh: $*" >&2
  exit "${status:-1}"
}

usage() {
  {
    echo "usage: cross.sh PACKAGE --target TARGET [--output DIR] [-- GO BUILD FLAGS]"
    for name in "${targets[@]}"; do
      target "$name"
      printf '  --target %-6s %s; TensorFlow Lite %s, glibc %s\n' "$name" "$about" "$tflite" "$glibc"
    done
  } >&2
  [[ $# == 0 ]] || echo "cross.sh: $*" >&2
  exit 2
}

# --- arguments ----------------------------------------------------------------

package='' name='' output='' flags=()
while (($#)); do
  case $1 in
    --target | --output)
      (($# > 1)) || usage "$1 needs a value"
      if [[ $1 == --target ]]; then name=$2; else output=$2; fi
      shift ;;
    --target=*) name=${1#*=} ;;
    --output=*) output=${1#*=} ;;
    --) shift; flags=("$@"); break ;;
    -h | --help) usage ;;
    -*) usage "unknown flag $1; flags for go build come after --" ;;
    *) [[ -z $package ]] || usage "more than one package: $package and $1"; package=$1 ;;
  esac
  shift
done
[[ -n $package ]] || usage "which package?"
[[ -n $name ]] || usage "for which target?"
target "$name" || usage "there is no target $name"
output=$(realpath -m -- "${output:-dist/$name}")

# The last -tags wins in go build, so those of GOFLAGS and of the command line are joined.
tags=coral_system
build=()
take_tags() {
  while (($#)); do
    case $1 in
      -tags | --tags) tags+=,${2-}; shift ;;
      -tags=* | --tags=*) tags+=,${1#*=} ;;
      *) build+=("$1") ;;
    esac
    shift || break
  done
}
command -v go >/dev/null || fail "go is not installed"
read -ra from_environment <<<"$(go env GOFLAGS)"
take_tags "${from_environment[@]}"
build=()
take_tags "${flags[@]}"

# --- what is built with ----------------------------------------------------------

zig=${CORAL_ZIG:-}
runtime=${CORAL_RUNTIME:-}
libs=${CORAL_LIBS:-$home/bin/cross}
if [[ -z $zig || -z $runtime ]]; then
  make -C "$home" --no-print-directory cross-tools >&2
  zig=${zig:-$home/bin/tools/zig}
  runtime=${runtime:-$home/bin/coral-runtime}
fi
[[ -x $zig ]] || fail "there is no zig at $zig"
[[ -x $runtime ]] || fail "there is no coral-runtime at $runtime"

stage=$(mktemp -d "${TMPDIR:-/tmp}/coral-cross.XXXXXX")
trap 'rm -rf --one-file-system "$stage"' EXIT

"$runtime" fetch --root "$libs" --platform "linux/$goarch" --version "$tflite" >/dev/null
library=$libs/lib/$tflite/linux_$goarch
libusb=$libs/libusb/$zig_target
export CC="'$zig' cc -target $zig_target"
# What the library itself needs of libc and libstdc++ is the other machine's business.
export CGO_LDFLAGS="'-L$library' '-L$libusb' -Wl,-rpath,\$ORIGIN/lib -Wl,--enable-new-dtags -Wl,--allow-shlib-undefined${CGO_LDFLAGS:+ $CGO_LDFLAGS}"
export CGO_ENABLED=1 GOOS=linux GOARCH=$goarch GOARM=${goarm:-7}
export CGO_CFLAGS="'-I$libusb' ${CGO_CFLAGS:--O2 -g}"
# No flags of this machine's libraries. Those with paths are above, since the go command
# keeps what it has compiled together with what pkg-config said then.
export PKG_CONFIG_LIBDIR=$libusb

# make_libusb lays down libusb's header, and for the linker a library with the functions
# that the board's libusb has and no others: a newer one fails here, not there.
make_libusb() {
  local header made=$stage/libusb
  header=$(env -u PKG_CONFIG_LIBDIR pkg-config --variable=includedir libusb-1.0 2>/dev/null)/libusb-1.0/libusb.h
  [[ -f $header ]] || fail "libusb.h is missing: install libusb-1.0-0-dev and pkg-config, or build with -- -tags nousb"
  mkdir -p "$made" "$libusb"
  cp "$header" "$made/"
  sed 's/.*/void &(void) {}/' "$home/scripts/cross/libusb-1.0.22.symbols" >"$made/stub.c"
  "$zig" cc -target "$zig_target" -shared -nostdlib -Wl,-soname,libusb-1.0.so.0 -o "$made/libusb-1.0.so" "$made/stub.c"
  cat >"$made/libusb-1.0.pc" <<PC
Name: libusb-1.0
Description: that of the other machine
Version: 1.0.22
Cflags:
Libs: -lusb-1.0
PC
  mv "$made"/* "$libusb/"
}
[[ ,${tags// /,}, == *,nousb,* ]] || [[ $libusb/libusb-1.0.pc -nt $home/scripts/cross/libusb-1.0.22.symbols ]] || make_libusb

# --- build ------------------------------------------------------------------------

# A folder may be a module of its own.
from=. what=$package
if [[ -d $package ]]; then from=$package what=.; fi
go_() { go "$1" -C "$from" -tags "$tags" "${@:2}"; }

kind=$(go_ list -f '{{.Name}}' -- "$what") || fail "$package cannot be built; see above"
[[ $kind != *$'\n'* ]] || fail "$package is more than one package"
[[ $kind == main ]] || fail "$package is package $kind, not a program"

mkdir "$stage/bundle"
go_ build -trimpath "${build[@]}" -o "$stage/bundle/" "$what" || fail "nothing was built; see above"
program=$(find "$stage/bundle" -maxdepth 1 -type f -printf '%f')
parts=("$program" "run-$program")
if readelf --dynamic "$stage/bundle/$program" | grep -q 'NEEDED.*libtensorflowlite_c'; then
  install -D -m 644 "$library/libtensorflowlite_c.so" "$stage/bundle/lib/libtensorflowlite_c.so"
  parts+=(lib)
fi
sed "s|@NAME@|$program|g; s|@LOADER@|$loader|g; s|@ABOUT@|$about|g; s|@GLIBC@|$glibc|g" \
  "$home/scripts/cross/run.sh" >"$stage/bundle/run-$program"
chmod 755 "$stage/bundle/"*

"$home/scripts/check-bundle.sh" "$stage/bundle" "$name"

mkdir -p "$output"
# Not over the old files, which may be running.
(cd "$stage/bundle" && cp --recursive --remove-destination "${parts[@]}" "$output/")
echo "$output: ${parts[*]}"
