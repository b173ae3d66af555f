#!/usr/bin/env bash
# Compares the outputs of `coral run` with those of ai-edge-litert, see
# compare_litert.py:
#
#   bench/compare.sh [--seeds N] [MODEL_OR_FOLDER...]
#
# Without a model it takes those that `make models` has fetched, and Coral's own where
# they lie beside the checkout. Python's packages go into bench/.venv.
set -euo pipefail
bench=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$bench")

python=$("$bench/python.sh")
coral=$root/bin/bench/coral
(cd "$root/cmd/coral" && go build -o "$coral" .)

options=() models=()
while (($#)); do
  case $1 in
    --seeds) options+=("$1" "$2"); shift 2 ;;
    *) models+=("$1"); shift ;;
  esac
done
if ((${#models[@]} == 0)); then
  for folder in "$root/third_party/models" "$root/../shared/testdata/models"; do
    [[ ! -d $folder ]] || models+=("$folder")
  done
  ((${#models[@]})) || { echo "compare.sh: no models; run make models" >&2; exit 1; }
fi
"$python" "$bench/compare_litert.py" --coral "$coral" "${options[@]}" "${models[@]}"
