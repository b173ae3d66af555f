#!/usr/bin/env bash
# Cross-compiles a program that uses this library, and puts it into a folder with all
# that it needs on the other machine:
#
#   scripts/cross.sh PACKAGE --target coral|arm64|armv7|amd64 [--output DIR]
#                    [--open-at-run-time] [-- GO BUILD FLAGS]
#
# PACKAGE is a folder or import path, of any module that imports this library; run it
# from there. In DIR, dist/TARGET by default, there are afterwards
#
#   NAME                          the program
#   lib/libtensorflowlite_c.so    which it is linked with, and finds by its RUNPATH, $ORIGIN/lib
#   run-NAME                      starts it, or says what the machine lacks
#
# With --open-at-run-time it is not linked. It then starts without the library, too, and opens
# it when it needs it: that of CORAL_TFLITE_LIB if there is one, or else the one in lib.
#
# libusb is the other machine's own (1.0.22 or newer); -- -tags nousb does without.
#
# CORAL_ZIG, CORAL_RUNTIME and CORAL_LIBS name a zig, a coral-runtime and the folder of
# fetched runtimes; by default they are this checkout's, and made when missing.
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/targets.sh
. "$home/scripts/targets.sh"

umask 022 # what is made here is for others too

fail() {
  echo "cross.sh: $*" >&2
  exit 1
}

help() {
  echo "usage: cross.sh PACKAGE --target TARGET [--output DIR] [--open-at-run-time] [-- GO BUILD FLAGS]"
  for name in "${targets[@]}"; do
    target "$name"
    printf '  --target %-6s %s; TensorFlow Lite %s, glibc %s\n' "$name" "$about" "$tflite" "$glibc"
  done
  echo "  --open-at-run-time  do not link TensorFlow Lite: the program opens the one of CORAL_TFLITE_LIB, or in lib beside it"
}

usage() {
  printf '%s\n' "cross.sh: $*" "cross.sh --help shows how to call it" >&2
  exit 2
}

# --- arguments ----------------------------------------------------------------

package='' name='' output='' linked=yes flags=()
while (($#)); do
  case $1 in
    --target | --output)
      (($# > 1)) || usage "$1 needs a value"
      if [[ $1 == --target ]]; then name=$2; else output=$2; fi
      shift ;;
    --target=*) name=${1#*=} ;;
    --output=*) output=${1#*=} ;;
    --open-at-run-time) linked='' ;;
    --) shift; flags=("$@"); break ;;
    -h | --help) help; exit ;;
    -*) usage "unknown flag $1; flags for go build come after --" ;;
    *) [[ -z $package ]] || usage "more than one package: $package and $1"; package=$1 ;;
  esac
  shift
done
[[ -n $package ]] || usage "which package?"
[[ -n $name ]] || usage "for which target? --target ${targets[*]}"
target "$name" || usage "there is no target $name, there are ${targets[*]}"
output=$(realpath -m -- "${output:-dist/$name}")

# The last -tags wins in go build, so those of GOFLAGS and of the command line are joined.
tags=''
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
tags=${tags//[[:space:]]/,}
[[ $tags, != *,tflite_link,* && $tags, != *,tflite_pkgconfig,* ]] ||
  fail "leave out the tags tflite_link and tflite_pkgconfig: programs are linked unless --open-at-run-time is given"
[[ ! $linked ]] || tags+=,tflite_link
[[ " ${build[*]} " != *-buildmode[=\ ][^ep]* ]] || fail "only programs can be bundled (-buildmode exe or pie)"
[[ -z ${TFLITE:-} || $TFLITE == "$tflite" ]] || fail "target $name has TensorFlow Lite $tflite, and TFLITE asks for $TFLITE: unset it"
mkdir -p "$output" 2>/dev/null || fail "$output cannot be made"
[[ -w $output ]] || fail "$output cannot be written"

# --- build ------------------------------------------------------------------------

# shellcheck source=scripts/cross/environment.sh
. "$home/scripts/cross/environment.sh"
cross_environment
[[ $tags, == *,nousb,* ]] || cross_libusb
if [[ $linked ]]; then
  cross_runtime
  cross_link
fi

stage=$(mktemp -d "${TMPDIR:-/tmp}/coral-cross.XXXXXX")
trap 'rm -rf --one-file-system "$stage"' EXIT

# A folder may be a module of its own.
from=. what=$package
if [[ -d $package ]]; then from=$package what=.; fi
go_() { go "$1" -C "$from" -tags "$tags" "${@:2}"; }
# needs_tflite: a linked program says so itself, another one may open it if it has the means.
needs_tflite() {
  if [[ $linked ]]; then
    readelf --dynamic "$stage/bundle/$program" | grep -q 'NEEDED.*libtensorflowlite_c'
  else
    [[ $(go_ list -deps -- "$what")$'\n' == *github.com/gocoral/coral/internal/capi$'\n'* ]]
  fi
}

kind=$(go_ list -f '{{.Name}}' -- "$what") || fail "$package cannot be built; see above"
[[ $kind != *$'\n'* ]] || fail "$package is more than one package"
[[ $kind == main ]] || fail "$package is package $kind, not a program"

mkdir "$stage/bundle"
go_ build -trimpath "${build[@]}" -o "$stage/bundle/" "$what" || fail "nothing was built; see above"
program=$(find "$stage/bundle" -maxdepth 1 -type f -printf '%f')
[[ -n $program ]] || fail "go build left no program"
[[ $program =~ ^[A-Za-z0-9._+~-]+$ && $program != lib ]] || fail "a program cannot be called $program here"
parts=("$program" "run-$program")
if needs_tflite; then
  cross_runtime
  install -D -m 644 "$library/libtensorflowlite_c.so" "$stage/bundle/lib/libtensorflowlite_c.so"
  parts+=(lib)
fi
sed "s|@NAME@|$program|g; s|@LOADER@|$loader|g; s|@ABOUT@|$about|g; s|@GLIBC@|$glibc|g; s|@GLIBCXX@|GLIBCXX_$glibcxx|g" \
  "$home/scripts/cross/run.sh" >"$stage/bundle/run-$program"
chmod 755 "$stage/bundle/"*

"$home/scripts/check-bundle.sh" "$stage/bundle" "$name"

# Not over the old files, which may be running.
(cd "$stage/bundle" && cp --recursive --remove-destination "${parts[@]}" "$output/")
echo "$output: ${parts[*]}"
