#!/usr/bin/env bash
# Runs a command on each runtime given, all of which have been fetched:
#
#   scripts/on-runtimes.sh 2.9.0 2.17.1 -- bin/coral version
#
# CORAL_TFLITE_LIB names the library, and CORAL_EXPECT_TFLITE makes tests assert that it is
# the one that answers. It fails if one of them did.
set -euo pipefail
runtime=$(dirname "${BASH_SOURCE[0]}")/../bin/coral-runtime

versions=()
while [[ $1 != -- ]]; do versions+=("$1") && shift; done
shift

status=0
for version in "${versions[@]}"; do
  library=$("$runtime" path --version "$version")
  echo "=== TensorFlow Lite $version"
  CORAL_TFLITE_LIB=$library CORAL_EXPECT_TFLITE=$version "$@" || { status=1 && echo "=== FAILED on TensorFlow Lite $version"; }
done
exit $status
