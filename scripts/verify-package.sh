#!/usr/bin/env bash
# Checks what scripts/package.sh has made, as root on a Debian-like machine:
#
#   make verify-package
#
# - lintian has nothing to say; checksums, SBOMs, archives and Debian packages agree, and
#   nothing asks for more than its target has;
# - this machine's package is installed into a fresh Debian, finds its library, classifies
#   the demo's picture, starts without the library and says so, gives devices to the right
#   groups, and leaves nothing when purged;
# - the others are unpacked beside what they depend on, and classify it under qemu.
#
# The Debian comes from the mirror that this machine's apt uses, or CORAL_MIRROR. Whatever
# is mounted is mounted in a namespace of its own, and gone with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/targets.sh
. scripts/targets.sh
# shellcheck source=scripts/fresh-debian.sh
. scripts/fresh-debian.sh
export LC_ALL=C.UTF-8

packages=dist/packages

fail() {
  echo "verify-package.sh: $*" >&2
  exit 1
}

# same WHAT HAVE WANT
same() { [[ $2 == "$3" ]] || fail "$1: it is «$2», and should be «$3»"; }

# package_of TARGET EXTENSION is the path of one of its files.
package_of() {
  target "$1"
  [[ $1 != coral ]] || deb=mendel-$deb
  echo "$packages/coral-go_"*"_$deb.$2"
}

# --- the files ------------------------------------------------------------------------

# agree TARGET: its three files tell the same, and nothing beyond the target.
agree() {
  local package root=$work/$1 archive=$work/$1.archive library
  target "$1"
  package=$(package_of "$1" deb)
  echo "=== $package"
  same "architecture" "$(dpkg-deb --field "$package" Architecture)" "$deb"
  [[ $(dpkg-deb --field "$package" Depends) == *"libc6 (>= $glibc)"*"libusb-1.0-0 (>= "* ]] ||
    fail "its Depends lack glibc $glibc or libusb"
  dpkg-deb --contents "$package" | awk '{ print $1, $2, $6, $8 }' >"$work/$1.files"
  diff "$work/${targets[0]}.files" "$work/$1.files" >&2 || fail "it has other files than that for ${targets[0]}"

  dpkg-deb --extract "$package" "$root"
  scripts/check-bundle.sh "$root/usr/lib/coral-go" "$1"

  mkdir "$archive"
  tar -C "$archive" --strip-components=1 -xzf "$(package_of "$1" tar.gz)"
  diff <(cd "$archive" && sha256sum coral lib/*) <(cd "$root/usr/lib/coral-go" && sha256sum coral lib/*) >&2 ||
    fail "the archive has another program or library"

  library=$(sha256sum <"$root/usr/lib/coral-go/lib/libtensorflowlite_c.so")
  jq -e --arg version "v$version" --arg library "${library%% *}" --arg tflite "$tflite" '
    .metadata.component.version == $version and all(.components[]; .version and .licenses) and
    any(.components[]; .name == "tensorflow-lite" and .version == $tflite and .hashes == [{alg: "SHA-256", content: $library}])
    ' "$(package_of "$1" cdx.json)" >/dev/null || fail "its SBOM is of something else, or incomplete"
}

# --- a Debian, in the namespace ---------------------------------------------------------

# fresh SUITE MMDEBSTRAP-FLAGS… makes one in $root.
fresh() { mmdebstrap --quiet --mode=root --aptopt="$work/apt.conf" "${@:2}" "$1" "$root" "$mirror"; }

# furnish gives the root a /proc, the one processor that XNNPACK looks for in /sys, and
# the demo's files.
furnish() {
  mkdir -p "$root/proc" "$root/sys/devices/system/cpu" "$root/demo"
  mount -t proc proc "$root/proc"
  echo 0 | tee "$root/sys/devices/system/cpu/"{possible,present} >/dev/null
  cp third_party/models/{mobilenet_quant_v1_224.tflite,imagenet_labels.txt,peacock.png} "$root/demo/"
}

# classify CORAL… asks the command what is in the demo's picture.
classify() {
  local label
  label=$("$@" classify -m /demo/mobilenet_quant_v1_224.tflite -l /demo/imagenet_labels.txt --json /demo/peacock.png | jq -r '.classes[0].label')
  same "the picture" "$label" peacock
  echo "coral classify: $label"
}

# in_root COMMAND…
in_root() { chroot "$root" env -i DEBIAN_FRONTEND=noninteractive HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

apt() {
  in_root apt-get -y --no-install-recommends "$@" >"$work/apt.log" 2>&1 </dev/null ||
    { cat "$work/apt.log" >&2; return 1; }
}

# listing is all of the root, but for the books and logs of apt and dpkg, caches, what the
# next start empties (/run, where adduser has its lock), and groupadd's backups.
listing() {
  local dir unlisted=()
  for dir in ./var/lib/dpkg ./var/lib/apt ./var/cache ./var/log ./run; do unlisted+=(-path "$dir" -o); done
  (cd "$root" && find . -xdev \( "${unlisted[@]}" -path './etc/*-' \) -prune -o -printf '%p %y %m %u %g %l\n' | sort)
  cat "$root"/etc/{group,gshadow,passwd}
}

# live PACKAGE: installed, used, and purged.
live() {
  local status=0 page
  root=$work/root
  echo "=== $1, bookworm"
  fresh bookworm --variant=apt --skip=cleanup/apt/lists
  furnish
  [[ ! -e /etc/resolv.conf ]] || cp --dereference --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
  cp "$1" "$root/demo/coral.deb"
  listing >"$work/before"

  apt install /demo/coral.deb
  in_root coral version
  same "the version" "$(in_root coral version --json | jq -r '"\(.version) \(.tflite)"')" "v$version $tflite"
  same "coral devices" "$(in_root coral devices --json | jq -c '[.devices, .chosen]')" '[[],"cpu"]'
  # There is no Edge TPU here, and no libedgetpu; nothing else may be wrong.
  in_root coral doctor --json >"$work/doctor" 2>/dev/null || status=$?
  same "the exit status of coral doctor" "$status" 1
  same "what coral doctor finds" "$(jq -r 'select(.severity == "error" or .severity == "warning").id' "$work/doctor" | sort | xargs)" "library-missing no-device"
  classify in_root coral
  for page in coral coral-classify coral-doctor coral-completion-bash; do
    gzip -dc "$root/usr/share/man/man1/$page.1.gz" | grep -q '^\.SH "NAME"' || fail "no manual page $page"
  done
  in_root bash -c '. /usr/share/bash-completion/completions/coral && complete -p coral' >/dev/null || fail "bash does not take the completion"
  without_library
  same "a completion" "$(in_root coral __complete doc 2>/dev/null | head -n 1 | cut -f1)" doctor

  echo "=== purged"
  apt purge --autoremove coral-go
  listing >"$work/after"
  diff "$work/before" "$work/after" >&2 || fail "it leaves something behind, or takes something along; see above"

  echo "=== udev"
  apt install udev /demo/coral.deb
  rule usb 1 'plugdev 0660 :uaccess:' idVendor=1a6e idProduct=089a
  rule usb 2 'plugdev 0660 :uaccess:' idVendor=18d1 idProduct=9302
  rule usb 3 '' idVendor=18d1 idProduct=4ee7
  rule apex 0 'apex 0660 :uaccess:'
  in_root useradd --no-create-home --groups apex somebody
  apt purge coral-go
  in_root getent group apex >/dev/null || fail "the purge takes away a group that somebody is in"
}

# without_library: where the library is gone, the command says so, and takes another one.
without_library() {
  local lib=/usr/lib/coral-go/lib said status=0
  same "where the library is found" "$(in_root coral version --json | jq -r '"\(.tflite_source): \(.tflite_path)"')" \
    "beside the executable: $lib/libtensorflowlite_c.so"
  mv "$root$lib" "$root/demo/elsewhere"
  in_root coral devices >/dev/null
  said=$(in_root coral classify -m /demo/mobilenet_quant_v1_224.tflite /demo/peacock.png 2>&1) || status=$?
  echo "$said"
  same "the exit status of coral classify without a library" "$status" 1
  [[ $said == *"no usable TensorFlow Lite library"*"coral fetch-runtime"* ]] || fail "coral classify does not say what to do"
  classify in_root env CORAL_TFLITE_LIB=/demo/elsewhere/libtensorflowlite_c.so coral
  mv "$root/demo/elsewhere" "$root$lib"
}

# rule SUBSYSTEM NUMBER WANT ATTRIBUTE=VALUE… checks which group, mode and tags udev gives
# to such a device, which it looks for in /sys; that is a plain folder here.
rule() {
  local device=/sys/devices/$1$2 attribute log group
  mkdir -p "$root$device" "$root/sys/class/$1"
  ln -s "/sys/class/$1" "$root$device/subsystem"
  echo "DEVTYPE=$1_device" >"$root$device/uevent"
  for attribute in "${@:4}"; do echo "${attribute#*=}" >"$root$device/${attribute%%=*}"; done
  log=$(in_root env SYSTEMD_DEVICE_VERIFY_SYSFS=0 udevadm test "$device" 2>&1) || fail "udevadm test: $log"
  # udev names the line of a rule where it obeys it, and where it does not understand it.
  if grep -E '60-coral-go.rules:[0-9]+ ' <<<"$log" | grep -Ev ' (GROUP [0-9]+|MODE [0-7]+)$' >&2; then fail "udev complains, see above"; fi
  group=$(sed -n 's/.*60-coral-go.rules:[0-9]* GROUP //p' <<<"$log")
  same "udev's answer for $1 ${*:4}" "$({
    [[ -z $group ]] || in_root getent group "$group" | cut -d: -f1
    sed -n 's/.*60-coral-go.rules:[0-9]* MODE //p; s/^TAGS=//p' <<<"$log"
  } | xargs)" "$3"
}

# foreign TARGET PACKAGE: unpacked together with all that it depends on. apt wants the file
# to have the same path inside and outside. Of the Debians that mirrors have, bullseye is
# nearest to Mendel.
foreign() {
  local qemu suite=bookworm copies=$work/copies-$1
  [[ $1 != coral ]] || suite=bullseye
  root=$work/$1-root
  echo "=== $2, $suite under qemu"
  mkdir "$copies"
  cp "$2" "$copies/coral.deb"
  fresh "$suite" --variant=extract --arch="$deb" --include="$copies/coral.deb" \
    --setup-hook="mkdir -p \"\$1$work\" && cp -r '$copies' \"\$1$work\""
  case $goarch in amd64) qemu=x86_64 ;; arm64) qemu=aarch64 ;; arm) qemu=arm ;; esac
  cp "$(command -v "qemu-$qemu-static")" "$root/qemu"
  furnish
  emulated() { chroot "$root" /qemu /usr/bin/coral "$@"; }
  same "the version" "$(emulated version --json | jq -r '"\(.version) \(.tflite) \(.arch)"')" "v$version $tflite $goarch"
  classify emulated
}

# inside is the part that mounts.
inside() {
  local name package
  mirror=$(debian_mirror)
  apt-config dump | grep '^Acquire::' >"$work/apt.conf" || true
  for name in "${targets[@]}"; do
    package=$(package_of "$name" deb)
    target "$name"
    if [[ $goarch == "$(go env GOHOSTARCH)" && $name != coral ]]; then live "$package"; else foreign "$name" "$package"; fi
  done
}

# --- from here ----------------------------------------------------------------------------

version=$(basename "$(package_of amd64 deb)" _amd64.deb)
version=${version#coral-go_}

if [[ ${1-} == --inside ]]; then
  work=$2
  inside
  exit
fi

make_scratch
work=$scratch

(cd "$packages" && sha256sum --check --quiet SHA256SUMS)
lintian --no-cfg --allow-root --fail-on error,warning "$packages"/*.deb
for name in "${targets[@]}"; do agree "$name"; done
run_inside "$@"
echo "the packages are in order"
