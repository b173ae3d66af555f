#!/usr/bin/env bash
# Writes README's first program on a Debian that has a C compiler, Go and nothing else, as root:
#
#   scripts/verify-newcomer.sh    (make verify-newcomer)
#
# The program and the commands are README's, run by a user in a module of their own. go build
# has to do without TensorFlow Lite, libusb (tag nousb) and pkg-config; the program has to say
# in one line what is missing; and after coral-runtime fetch, for which pip is installed then,
# the same file has to classify the picture.
#
# The models are those of this checkout. Debian, registries and certificates are found as in
# scripts/verify-hello.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/fresh-debian.sh
. scripts/fresh-debian.sh
# shellcheck source=scripts/guides.sh
. scripts/guides.sh

fail() {
  echo "verify-newcomer.sh: $*" >&2
  exit 1
}

if [[ ${1-} != --inside ]]; then
  make_scratch
  run_inside "$@"
  exit
fi
root=$2/root
start=$SECONDS
step() { printf '\n=== %s (%d s)\n' "$*" $((SECONDS - start)); }

# inside COMMAND... runs it there, as root.
inside() {
  chroot "$root" env -i DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 HOME=/root \
    PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin "${variables[@]}" "$@"
}

# in_module COMMAND... runs it in the module, as its owner.
in_module() {
  inside setpriv --reuid newcomer --regid newcomer --init-groups \
    env HOME=/newcomer GOFLAGS=-tags=nousb bash -euc 'cd ~/myapp; "$@"' bash "$@"
}

# follow NAME takes commands, shows them and runs them in the module.
follow() {
  cat >"$root/newcomer/$1"
  sed 's/^/$ /' "$root/newcomer/$1"
  in_module "${@:2}" bash -euo pipefail "../$1"
}

step "Debian bookworm, gcc and Go"
mirror=$(debian_mirror)
mmdebstrap --quiet --variant=apt --include=gcc,libc6-dev bookworm "$root" "$mirror"
mount -t proc proc "$root/proc"
cp --remove-destination /etc/resolv.conf "$root/etc/"
cp "$certificate_bundle" "$root/etc/this-machine.crt"
mapfile -t variables < <(registry_settings /etc/this-machine.crt)
cp -r "$(go env GOROOT)" "$root/usr/local/go"
inside useradd --create-home --home-dir /newcomer newcomer
mkdir -p "$root/newcomer/coral" "$root/newcomer/myapp/third_party"
copy_checkout "$root/newcomer/coral"
cp -r third_party/models "$root/newcomer/myapp/third_party/"
block README.md go 'func main()' >"$root/newcomer/myapp/main.go"
# The layer below in the same program, which says what was found.
cat >"$root/newcomer/myapp/found.go" <<'GO'
package main

import (
	"fmt"

	"github.com/gocoral/coral/tflite"
)

func init() {
	if found, err := tflite.Runtime(); err == nil {
		fmt.Println("TensorFlow Lite", found.Version, found.Source)
	}
}
GO
inside chown -R newcomer: /newcomer
for unwanted in pkg-config python3 npm mvn; do
  ! inside which $unwanted || fail "$unwanted is here already, so nothing is shown"
done
[[ -z $(find "$root" -xdev -name 'libtensorflowlite*' -o -xdev -name 'libusb*.so*') ]] || fail "a library is here already"

step "build, with no library"
fetch='cmd/coral-runtime fetch'
commands README.md 'go mod init' >"$2/readme"
grep -q "$fetch" "$2/readme" || fail "README.md does not fetch the library"
sed "\|$fetch|,\$d" "$2/readme" | follow build
built=$(sha256sum <"$root/newcomer/myapp/myapp")
needed=$(readelf --dynamic "$root/newcomer/myapp/myapp" | grep NEEDED)
echo "$needed"
[[ $needed != *tensorflow* && $needed != *libusb* ]] || fail "the program needs a library to start"

step "run, with no library"
status=0
said=$(in_module ./myapp 2>&1) || status=$?
echo "$said"
((status > 0 && status < 128)) || fail "exit status $status"
[[ $said != *$'\n'* && $said == *"no usable TensorFlow Lite library"*"coral-runtime fetch"* ]] || fail "this is not the one line that says what to do"

step "fetch, and run the same program"
inside bash -euc 'apt-get -qq update && apt-get -qq -y --no-install-recommends -o DPkg::Options::=--force-unsafe-io install python3-pip' \
  </dev/null >"$2/apt.log" 2>&1 || { tail -n 20 "$2/apt.log"; fail "pip cannot be installed, see above"; }
sed -n "\|$fetch|,\$p" "$2/readme" | follow fetch env CGO_ENABLED=0 | tee "$2/output"
[[ $(sha256sum <"$root/newcomer/myapp/myapp") == "$built" ]] || fail "the program was built again"
grep -q '^TensorFlow Lite .* in the cache folder$' "$2/output" || fail "the library was not found where it was fetched to"
grep -q '^peacock ' "$2/output" || fail "the program sees no peacock"
step "done"
