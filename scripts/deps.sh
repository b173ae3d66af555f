#!/usr/bin/env bash
# Installs the system packages behind each need that is not met. It asks nothing
# and does nothing where nothing is missing.
#
#   scripts/deps.sh NEED...
#
# As root on Debian or Ubuntu it calls apt-get; elsewhere it prints the line to
# run and fails.
set -euo pipefail

has() { command -v "$1" >/dev/null; }

# met NEED: is it there already?
met() {
  case $1 in
    cc) read -r cc _ <<<"$(go env CC)" && has "$cc" ;;
    libusb) [[ ${GOFLAGS:-} == *nousb* ]] || { has pkg-config && pkg-config --exists libusb-1.0; } ;;
    pip) has python3 && python3 -c 'import importlib.util as u, sys; sys.exit(u.find_spec("pip") is None)' ;;
    umockdev) has umockdev-run ;;
    ffmpeg) has ffmpeg ;;
    libturbojpeg) [[ -n ${CORAL_TURBOJPEG_LIB:-} ]] || PATH=$PATH:/usr/sbin:/sbin ldconfig -p | grep -F libturbojpeg.so.0 >/dev/null ;;
    npm) has npm ;;
    mvn) has mvn ;;
    qemu-arm64) [[ $(uname -m) == aarch64 ]] || { has qemu-aarch64-static && [[ -e /usr/aarch64-linux-gnu/lib/libstdc++.so.6 ]]; } ;;
    qemu-arm32) has qemu-arm-static && [[ -e /usr/arm-linux-gnueabihf/lib/libstdc++.so.6 ]] ;;
    binutils) has readelf ;;
    file) has file ;;
    jq) has jq ;;
    debian) has mmdebstrap && has unshare && has setpriv ;;
    lintian) has lintian ;;
    qemu) has qemu-arm-static ;;
    buildah) has buildah ;;
    shellcheck) has shellcheck ;;
    *) echo "deps.sh: unknown need $1" >&2; exit 2 ;;
  esac
}

# packages NEED: what Debian calls it.
packages() {
  case $1 in
    cc) echo gcc libc6-dev ;;
    libusb) echo pkg-config libusb-1.0-0-dev ;;
    pip) echo python3-pip ;;
    umockdev | ffmpeg) echo "$1" ;;
    libturbojpeg) if grep -q '^ID=ubuntu' /etc/os-release; then echo libturbojpeg; else echo libturbojpeg0; fi ;;
    npm) echo npm ;;
    mvn) echo maven ;;
    qemu-arm64) echo qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross ;;
    qemu-arm32) echo qemu-user-static libc6-armhf-cross libstdc++6-armhf-cross ;;
    binutils | file) echo "$1" ;;
    jq) echo jq ;;
    debian) echo mmdebstrap util-linux ;;
    lintian) echo lintian ;;
    qemu) echo qemu-user-static ;;
    buildah) echo buildah ;;
    shellcheck) echo shellcheck ;;
  esac
}

missing=()
for need in "$@"; do
  if ! met "$need"; then
    read -ra names <<<"$(packages "$need")"
    missing+=("${names[@]}")
  fi
done
((${#missing[@]})) || exit 0

if [[ $(uname -s) != Linux ]] || ! has apt-get; then
  echo "missing: what Debian calls ${missing[*]}; install it with this system's package manager" >&2
  exit 1
fi
if [[ $(id -u) != 0 ]]; then
  echo "missing packages; run: sudo apt-get install -y ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
  tail -n 20 "$log" >&2
  echo "apt-get failed; see above" >&2
  exit 1
fi
