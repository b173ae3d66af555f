#!/usr/bin/env bash
# Does what README and docs say of a module of one's own, in a temporary folder:
#
#   scripts/verify-module.sh    (make verify-module)
#
# The programs, the test and the commands are taken from there, so what is shown is what works:
# the program and commands of README, its vendored copy, the test of docs/testing.md, the program
# of docs/raspberry-pi.md, and a bundle made by scripts/cross.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
home=$PWD
# shellcheck source=scripts/targets.sh
. scripts/targets.sh

fail() {
  echo "verify-module.sh: $*" >&2
  exit 1
}

dir=$(mktemp -d)
trap 'rm -rf --one-file-system "$dir"' EXIT
# A cache folder of its own for what is fetched, and the user's for what is compiled.
GOCACHE=$(go env GOCACHE)
export GOWORK=off GOCACHE XDG_CACHE_HOME=$dir/cache

# block FILE LANGUAGE TEXT prints the first block of code in the language that has the text.
block() {
  awk -v language="$2" -v text="$3" '
    /^```/ { if (inside && found) exit; inside = $0 == "```" language; code = ""; found = 0; next }
    inside { code = code $0 "\n"; if (index($0, text)) found = 1 }
    END { if (found) printf "%s", code }' "$home/$1" | grep . || fail "$1 has no $2 block with $3"
}

# follow FILE TEXT does what a console block says. The checkout is beside the module there.
follow() {
  block "$1" console "$2" | sed -n 's/^\$ //p' | sed "s|\.\./coral|$home|g" >"$dir/commands"
  sed 's/^/$ /' "$dir/commands"
  bash -euo pipefail "$dir/commands"
}

# says TEXT COMMAND...
says() {
  local said
  said=$("${@:2}" 2>&1) || fail "${*:2}: $said"
  echo "$said"
  [[ $said == *"$1"* ]] || fail "${*:2} does not say «$1»"
}

echo "=== the program of README.md"
mkdir "$dir/myapp"
cd "$dir/myapp"
block README.md go 'func main()' >main.go
# What is there already is not fetched again.
mkdir -p third_party "$XDG_CACHE_HOME/gocoral"
cp -r "$home/third_party/models" third_party/
cp -r "$home/third_party/lib" "$XDG_CACHE_HOME/gocoral/"
follow README.md 'go mod init'
says peacock ./myapp

echo "=== the test of docs/testing.md"
block docs/testing.md go 'func TestMain' >main_test.go
mkdir testdata
cp "$home/tflite/testdata/tiny_int8.tflite" testdata/model.tflite
go mod tidy
says 'in a worker process' go test -count=1 -v .

echo "=== vendored"
go mod vendor
go build -mod=vendor
says peacock ./myapp
rm vendor/github.com/gocoral/coral/internal/capi/link_local.go
follow docs/versions.md 'go mod vendor'
says peacock ./myapp
rm -r vendor

echo "=== cross-compiled"
for name in "${targets[@]}"; do
  target "$name"
  [[ $goarch != "$(go env GOHOSTARCH)" || $name == coral ]] || break
done
"$home/scripts/cross.sh" . --target "$name"
says peacock "dist/$name/run-myapp"

echo "=== the program of docs/raspberry-pi.md"
rm main_test.go
block docs/raspberry-pi.md go 'func main()' >main.go
go build
files=third_party/models
says peacock ./myapp $files/mobilenet_quant_v1_224.tflite $files/imagenet_labels.txt $files/peacock.png
echo "README and docs are right about modules of one's own"
