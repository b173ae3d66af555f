#!/usr/bin/env bash
# Makes bench/.venv, with the packages of requirements.txt, and prints its Python.
set -euo pipefail
bench=$(cd "$(dirname "$0")" && pwd)

"$bench/../scripts/deps.sh" pip >&2
venv=$bench/.venv
if ! cmp -s "$bench/requirements.txt" "$venv/requirements.txt"; then
  # pip from outside, because Debian's Python cannot put one into the environment.
  python3 -m venv --clear --without-pip "$venv"
  python3 -m pip --python "$venv/bin/python" --disable-pip-version-check install --quiet -r "$bench/requirements.txt" >&2
  cp "$bench/requirements.txt" "$venv/"
fi
echo "$venv/bin/python"
