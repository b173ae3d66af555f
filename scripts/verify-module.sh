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
# shellcheck source=scripts/guides.sh
. scripts/guides.sh

fail() {
  echo "verify-module.sh: $*" >&2
  exit 1
}

dir=$(mktemp -d)
trap 'rm -rf --one-file-system "$dir"' EXIT
export GOWORK=off

# follow FILE TEXT does what a console block says. The checkout is beside the module there.
follow() {
  commands "$home/$1" "$2" | sed "s|\.\./coral|$home|g" >"$dir/commands"
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
block "$home/README.md" go 'func main()' >main.go
# What is there already is not fetched again.
mkdir third_party
cp -r "$home/third_party/models" third_party/
follow README.md 'go mod init'
says peacock ./myapp

echo "=== the test of docs/testing.md"
block "$home/docs/testing.md" go 'func TestMain' >main_test.go
mkdir testdata
cp "$home/tflite/testdata/tiny_int8.tflite" testdata/model.tflite
go mod tidy
says 'in a worker process' go test -count=1 -v .

echo "=== vendored"
rm myapp
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
block "$home/docs/raspberry-pi.md" go 'func main()' >main.go
go build
files=third_party/models
says peacock ./myapp $files/mobilenet_quant_v1_224.tflite $files/imagenet_labels.txt $files/peacock.png
echo "README and docs are right about modules of one's own"
