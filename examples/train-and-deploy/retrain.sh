#!/bin/sh
# Trains, converts and checks the models again, in a virtual environment of their own.
# PYTHON is the interpreter to make it with: 3.11, 3.12 or 3.13.
set -eu
cd "$(dirname "$0")"

if [ ! -x .venv/bin/python ]; then
	"${PYTHON:-python3}" -m venv .venv
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
.venv/bin/python train.py
go test -count=1 .
