#!/usr/bin/env bash
# Makes TFLite models of TensorFlow.js models, for tasks that no package has a TFLite model
# of that anyone may use (tfjs2tflite.py has the list):
#
#   scripts/models/convert.sh [NAME...]
#
# They come to lie beside those that `coral-runtime models` fetches. TensorFlow is installed
# for it into a temporary folder, 1.6 GB. PYTHON is the interpreter: 3.11, 3.12 or 3.13.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$(dirname "$here")")

tmp=$(mktemp -d)
trap 'rm -rf --one-file-system "$tmp"' EXIT
"$root/bin/coral-runtime" models --dir "$tmp/graphs" --group graphs

echo "installing TensorFlow, for some minutes"
# pip from outside, because Debian's Python cannot put one into the environment.
python=${PYTHON:-python3}
"$python" -m venv --without-pip "$tmp/venv"
"$python" -m pip --python "$tmp/venv/bin/python" --disable-pip-version-check install --quiet \
  --require-hashes -r "$root/examples/train-and-deploy/requirements.txt"

mkdir -p "$root/third_party/models"
"$tmp/venv/bin/python" "$here/tfjs2tflite.py" --graphs "$tmp/graphs" --to "$root/third_party/models" "$@"
