#!/usr/bin/env bash
# Runs every fuzz target of every module for a while: fuzz.sh 10s
# A failing input stays in the package's testdata/fuzz, where it becomes a test.
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rEo --include='*_test.go' '^func Fuzz\w+' . | sed 's/func //' | sort |
  while IFS=: read -r file target; do
    echo "=== $target in $(dirname "$file")"
    (cd "$(dirname "$file")" && go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" .)
  done
