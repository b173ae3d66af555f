#!/usr/bin/env bash
# Runs what is in this folder, all of it or the parts named:
#
#   bench/run.sh [interop|versus|opened|layers|pictures|label|litert]...
#
#   interop  tests: delegates of go-tflite in our interpreter, and the reverse
#   versus   times against go-tflite and against a loop in C
#   opened   times of a call, the library opened at run time against linked
#   layers   Go benchmarks of Interpreter, Session.Do and Session.Run
#   pictures times of pictures on their way into an input, against golang.org/x/image, and
#            what models make of them by each filter (in Coral's own pictures and models)
#   label    times from a picture's file to its label, against ai-edge-litert with Pillow
#   litert   results against ai-edge-litert (compare.sh; Python's packages from pip)
#
# ROUNDS (default 60) is how often the contenders of versus, opened, pictures and label take
# turns.
set -euo pipefail
bench=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$bench")
out=$root/bin/bench
tiny=$root/tflite/testdata/no_signature.tflite

# What links libtensorflowlite_c by itself is told by coral-runtime where it is. The name
# is added for those who do not give it, such as go-tflite's XNNPACK package.
linking() {
  mkdir -p "$out"
  local env
  env=$(cd "$root" && go run ./cmd/coral-runtime env)
  eval "$env"
  export CGO_CFLAGS="-O2 -g"
  export CGO_LDFLAGS="$CGO_LDFLAGS \"-L$out\" -ltensorflowlite_c"
}

# go-tflite wants TensorFlow's headers and, for its XNNPACK delegate, two libraries
# whose content is in libtensorflowlite_c. The headers are ours; the libraries are
# empty archives.
with_go_tflite() {
  linking
  if [[ $CGO_LDFLAGS == */2.9.* ]]; then
    echo "$1: skipped, since go-tflite calls functions that TensorFlow Lite 2.9 lacks; TFLITE=2.17.1 is another"
    return
  fi
  printf '!<arch>\n' | tee "$out/libXNNPACK.a" >"$out/libtensorflowlite-delegate_xnnpack.a"
  CGO_CFLAGS+=" \"-I$bench/include\""
  cd "$bench"
  "$@"
}

interop() { go test -count=1 -race -tags gotflite ./interop; }

versus() {
  local models=() model
  for model in \
    "$root/../shared/testdata/models/"{mobilenet_v2_1.0_224_quant,tf2_mobilenet_v2_1.0_224_ptq}.tflite \
    "$root/third_party/models/mobilenet_quant_v1_224.tflite"; do
    [[ ! -e $model ]] || models+=("$model")
  done
  go build -tags gotflite -o "$out/versus" ./versus
  "$out/versus" -rounds "${ROUNDS:-60}" -tiny "$tiny" "${models[@]}"
}

# One program as go build makes it, and one that is told what to link.
opened() {
  cd "$bench"
  go build -o "$out/opened" ./opened
  linking
  go build -tags tflite_link -o "$out/linked" ./opened
  local library=${LD_LIBRARY_PATH%%:*}/libtensorflowlite_c.so options=()
  [[ ! -e $library ]] || options=(-library "$library")
  "$out/opened" -rounds "${ROUNDS:-60}" "${options[@]}" "$out/linked" "$tiny"
}

layers() { cd "$bench" && go test -run '^$' -bench Layers .; }

pictures() {
  local mobilenet="$root/third_party/models/mobilenet_quant_v1_224.tflite" coral="$root/../shared/testdata" models name
  (cd "$bench" && go build -o "$out/pictures" ./pictures)
  "$out/pictures" speed -rounds "${ROUNDS:-60}" "$mobilenet"
  models=("$mobilenet")
  for name in mobilenet_v2_1.0_224_quant tf2_mobilenet_v2_1.0_224_ptq mobilenet_v2_1.0_224_inat_bird_quant \
    mobilenet_v1_0.25_128_quant mobilenet_v1_0.75_192_quant; do
    models+=("$coral/models/$name.tflite")
  done
  [[ ! -d $coral/images ]] || "$out/pictures" results -pictures "$coral/images" "${models[@]}"
}

label() {
  local fetched=$root/third_party/models coral=$root/../shared/testdata python
  (cd "$bench" && go build -o "$out/label" ./label)
  python=$("$bench/python.sh")
  "$python" "$bench/label.py" --label "$out/label" --rounds "${ROUNDS:-60}" "$fetched/mobilenet_quant_v1_224.tflite" "$fetched/laptop.jpg"
  [[ ! -d $coral/images ]] ||
    "$python" "$bench/label.py" --label "$out/label" --rounds "${ROUNDS:-60}" "$coral/models/mobilenet_v2_1.0_224_quant.tflite" \
      "$coral/images/"{parrot,cat_1080p}.jpg
}

(($#)) || set -- interop versus opened layers pictures label litert
for part in "$@"; do
  printf '\n=== %s\n' "$part"
  # Each in a subshell, so that the variables of one do not rebuild the others.
  case $part in
    interop | versus) (with_go_tflite "$part") ;;
    opened | layers | pictures | label) ("$part") ;;
    litert) "$bench/compare.sh" ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
