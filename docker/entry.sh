#!/usr/bin/env bash
# The entry point of the cross-compiling image (see usage below). It is run in the folder
# of the user's module, /src.
set -euo pipefail
home=/opt/coral
library=github.com/gocoral/coral
# shellcheck source=scripts/targets.sh
. "$home/scripts/targets.sh"

fail() {
  echo "coral-cross: $*" >&2
  exit 1
}

usage() {
  cat <<'TEXT'
Cross-compiles programs that use github.com/gocoral/coral.

  docker run --rm -v "$PWD:/src" IMAGE build PACKAGE --target TARGET [--output DIR] \
      [--open-at-run-time] [-- GO BUILD FLAGS]
  docker run --rm IMAGE targets      lists the targets
  docker run --rm -it -v "$PWD:/src" IMAGE shell
  docker run --rm IMAGE COMMAND…     runs any command

The program, the libraries that it needs and a script that starts it are put into
dist/TARGET, and belong to the owner of the mounted folder. PACKAGE is a folder or an
import path. With --open-at-run-time the program is not linked with TensorFlow Lite, and opens
it when it needs it. -v coral-cache:/cache keeps modules and compiled packages for the next time.
TEXT
}

list_targets() {
  for name in "${targets[@]}"; do
    target "$name"
    printf '%-6s  %s; TensorFlow Lite %s, glibc %s or newer\n' "$name" "$about" "$tflite" "$glibc"
  done
}

# check_source says what is wrong with the mounted folder, if anything is.
check_source() {
  [[ -n $(ls -A) ]] || fail "$PWD is empty: mount the folder of your module, docker run --rm -v \"\$PWD:/src\" …"
  [[ -e go.mod || -e go.work ]] || fail "$PWD has no go.mod: mount the folder that has it, the root of your module"
  [[ -w . || " $* " == *" --output"* ]] || fail "$PWD cannot be written: mount it without :ro, or mount a folder for --output"
}

# become_owner starts this script again as the owner of the mounted folder, so that all
# that is written is theirs, and git, which go asks for the revision, trusts the folder.
become_owner() {
  local owner group
  read -r owner group <<<"$(stat -c '%u %g' .)"
  [[ $(id -u) == 0 && $owner != 0 ]] || return 0
  exec setpriv --reuid "$owner" --regid "$group" --clear-groups env HOME=/tmp "$0" build "$@"
}

# find_library FOLDER sees to it that the module there has the library. Where its go.mod
# replaces it by a folder, and that is not mounted, the image's own copy stands in.
find_library() {
  local problem
  problem=$(go -C "$1" list "$library" 2>&1 >/dev/null | tr -s '\n\t' ' ') && return
  grep -qsE "^(replace)?[[:space:]]*$library( v[^ ]+)? => [./]" "$1/go.mod" ||
    fail "the module in $PWD does not bring $library: $problem"
  echo "coral-cross: taking the library from this image, $home: $problem" >&2
  GOWORK=$(mktemp -d)/go.work
  export GOWORK
  go work init "$1"
  go work edit -replace "$library=$home"
}

build() {
  case " ${*-} " in "  " | *" -h "* | *" --help "*) exec "$home/scripts/cross.sh" --help ;; esac
  check_source "$@"
  become_owner "$@"
  # PACKAGE, which may be a module of its own, is what is neither a flag nor its value.
  local at=. previous='' argument
  for argument in "$@"; do
    [[ $argument != -- ]] || break
    [[ $argument == -* || $previous == --target || $previous == --output || ! -e $argument/go.mod ]] || at=$argument
    previous=$argument
  done
  find_library "$at"
  exec "$home/scripts/cross.sh" "$@"
}

case ${1-help} in
  build) build "${@:2}" ;;
  targets) list_targets ;;
  shell) exec bash "${@:2}" ;;
  help | -h | --help) usage ;;
  *) command -v -- "$1" >/dev/null || fail "there is no command $1; try help"; exec "$@" ;;
esac
