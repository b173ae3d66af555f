#!/usr/bin/env bash
# Follows examples/hello/README.md to the letter on a fresh Debian with Go, as root:
#
#   scripts/verify-hello.sh    (make verify-hello)
#
# In a folder with Debian bookworm, this machine's Go and the files of this checkout, the
# lines of the README's console blocks are run, # by root and $ by a user, and the program
# must print what the README says. The Debian comes from the mirror that this machine's apt
# uses, or CORAL_MIRROR; registries and certificates that this machine is set up for are
# set there too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/fresh-debian.sh
. scripts/fresh-debian.sh
readme=examples/hello/README.md

fail() {
  echo "verify-hello.sh: $*" >&2
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

# console PROMPT: the commands that the README has after it.
console() { awk -v prompt="$1 " '/^```/ { inside = /console/ } inside && index($0, prompt) == 1 { print substr($0, 3) }' $readme; }

# expected: what it shows after one of them.
expected() { awk '/^```/ { inside = /console/; next } inside && !/^[#$] /' $readme; }

# inside COMMAND... runs it there.
inside() {
  chroot "$root" env -i DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 HOME=/root \
    PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin "${variables[@]}" "$@"
}
as_user() { inside setpriv --reuid newcomer --regid newcomer --init-groups env HOME=/newcomer "$@"; }

step "Debian bookworm and Go"
mirror=$(debian_mirror)
mmdebstrap --quiet --variant=apt bookworm "$root" "$mirror"
mount -t proc proc "$root/proc"
cp --remove-destination /etc/resolv.conf "$root/etc/"
cp $certificate_bundle "$root/etc/this-machine.crt"
mapfile -t variables < <(registry_settings /etc/this-machine.crt)
cp -r "$(go env GOROOT)" "$root/usr/local/go"
inside useradd --create-home --home-dir /newcomer newcomer
mkdir "$root/newcomer/coral"
copy_checkout "$root/newcomer/coral"
inside chown -R newcomer: /newcomer

step "as root"
console '#' | tee "$root/root.sh"
printf '%s\n' 'APT::Get::Assume-Yes "true";' 'DPkg::Options { "--force-unsafe-io"; };' >"$root/etc/apt/apt.conf.d/answer"
inside apt-get -qq update
inside bash -euc '. /root.sh' </dev/null >"$2/apt.log" 2>&1 || { tail -n 20 "$2/apt.log"; fail "this fails, see above"; }

step "as a user"
console '$' | tee "$root/user.sh"
as_user bash -euc 'cd; . /user.sh' </dev/null | tee "$2/output"
# The copy that the README ends with says the same as the original.
diff <(expected; expected) <(grep -A "$(($(expected | wc -l) - 1))" --no-group-separator '^Running on' "$2/output") ||
  fail "$readme shows something else"

step "with bad input"
# complains ARGUMENT... must end in one line of its own and a status.
complains() {
  local said status=0
  said=$(as_user bash -c 'cd ~/coral/examples/hello && ./hello "$@"' bash "$@" 2>&1 >/dev/null) || status=$?
  said=$(grep -v '^INFO: ' <<<"$said" || true) # the native library's own
  [[ $status != 0 && $said =~ ^(hello|usage):[^$'\n']+$ ]] || fail "hello $*: status $status, $said"
  echo "$said"
}
complains
complains missing.png
complains imagenet_labels.txt
complains -model missing.tflite peacock.png
complains -model peacock.png peacock.png
complains -labels peacock.png peacock.png
step "done"
