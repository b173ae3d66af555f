#!/usr/bin/env bash
# Prints what the programs and libraries of a bundle ask for, and fails if the target
# does not have it, or if a library is looked for anywhere but in the bundle:
#
#   scripts/check-bundle.sh DIR TARGET
set -euo pipefail
# shellcheck source=scripts/targets.sh
. "$(dirname "${BASH_SOURCE[0]}")/targets.sh"
(($# == 2)) || { echo "usage: check-bundle.sh DIR TARGET" >&2; exit 2; }
target "$2" || { echo "check-bundle.sh: there is no target $2, there are ${targets[*]}" >&2; exit 2; }
[[ -d $1 && -x $1 ]] || { echo "check-bundle.sh: $1 is no folder that can be read; name the one that cross.sh has made" >&2; exit 2; }
cd -- "$1"

problems=0
wrong() {
  echo "  $*" >&2
  problems=$((problems + 1))
}

# newest FILE PREFIX is the newest version that FILE needs of the symbols with the prefix.
newest() {
  readelf --wide --version-info "$1" | sed -n '/^Version needs/,$p' | { grep -oE "\b$2_([0-9][0-9.]*|ABI_DT_RELR)\b" || true; } |
    sed "s/^$2_//; s/^ABI_DT_RELR$/2.36/" | sort -uV | tail -n 1
}

# at_most FILE PREFIX LIMIT
at_most() {
  local have
  have=$(newest "$1" "$2")
  [[ -z $have ]] && return
  needs+=" $2_$have"
  [[ $(printf '%s\n' "$have" "$3" | sort -V | tail -n 1) == "$3" ]] || wrong "$1 needs $2_$have, the target has $3"
}

# dynamic FILE TAG lists the values of the dynamic entries with the tag.
dynamic() { readelf --wide --dynamic "$1" | sed -nE "s/.*\(($2)\).*\[(.*)\].*/\2/p"; }

# opens FILE: does it open TensorFlow Lite at run time? The names of a Go program's functions
# stay in it, whatever is stripped.
opens() { LC_ALL=C grep -aqF github.com/gocoral/coral/internal/tflitelib.Need "$1"; }

# check FILE GLIBC RUNPATH, where RUNPATH is an extended regular expression.
check() {
  local needs='' path
  file -b "$1" | cut -d, -f1,2 | sed "s|^|$1: |"
  [[ -z $(readelf --wide --all "$1" 2>&1 >/dev/null) ]] || { wrong "$1 is damaged"; return; }
  readelf --wide --file-header "$1" | grep -q "Machine: *$machine\$" || wrong "$1 is for another machine, not $machine"
  at_most "$1" GLIBC "$2"
  at_most "$1" GLIBCXX "$glibcxx"
  at_most "$1" CXXABI "$cxxabi"
  path=$(dynamic "$1" 'RUNPATH|RPATH')
  [[ $path =~ ^$3$ ]] || wrong "$1 looks for libraries in ${path:-no folder of its own}"
  if [[ $(dynamic "$1" NEEDED) == *libtensorflowlite_c* ]]; then
    [[ $path && -f lib/libtensorflowlite_c.so ]] || wrong "$1 needs libtensorflowlite_c.so beside it"
  elif opens "$1"; then
    [[ -f lib/libtensorflowlite_c.so ]] || wrong "$1 opens lib/libtensorflowlite_c.so, which is not there"
  fi
  printf '  newest symbols %s\n  run path       %s\n  needs          %s\n' "${needs:- of no version}" "${path:-none}" "$(dynamic "$1" NEEDED | tr '\n' ' ')"
}

# What a run path may be, as regular expressions: a program looks in lib beside it if it
# looks anywhere, a library in the bundle.
# shellcheck disable=SC2016 # the loader expands it
beside='(\$ORIGIN/lib)?' within='(\$ORIGIN(/[./]*)?:?)*'
shopt -s nullglob
programs=0
for f in ./*; do
  f=${f#./}
  [[ -f $f && $(head -c 4 -- "$f" | tr -d '\0') == $'\x7fELF' ]] || continue
  check "$f" "$own_glibc" "$beside"
  programs=$((programs + 1))
done
((programs)) || wrong "no program in $PWD"
for f in lib/*; do
  check "$f" "$glibc" "$within"
done
((problems == 0))
