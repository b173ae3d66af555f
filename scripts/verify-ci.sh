#!/usr/bin/env bash
# Runs CI where nothing of this machine can help it, as root:
#
#   scripts/verify-ci.sh [COMMAND...]     (make verify-ci)
#
# In a folder with a bare Debian bookworm, with git, make and this machine's Go, the last
# commit is cloned and COMMAND, .ci/run by default, is run in the clone. The Debian comes from
# the mirror that this machine's apt uses, or CORAL_MIRROR; registries and certificates that
# this machine is set up for are set there too. What is mounted is gone with the script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/fresh-debian.sh
. scripts/fresh-debian.sh

if [[ ${1-} != --inside ]]; then
  (($#)) || set -- .ci/run
  make_scratch
  run_inside "$@"
  exit
fi
root=$2/root
shift 2
start=$SECONDS
step() { printf '\n===== %s (%d s)\n' "$*" $((SECONDS - start)); }

# make_dev makes the devices that every system has, terminals among them.
make_dev() {
  local device
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for device in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
  done
  mknod -m 666 "$root/dev/tty" c 5 0
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,mode=620,gid=5,ptmxmode=666 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  for device in stdin:0 stdout:1 stderr:2; do
    ln -s "/proc/self/fd/${device#*:}" "$root/dev/${device%:*}"
  done
}

step "Debian bookworm, git, make and Go"
certificates=/usr/local/share/ca-certificates
mkdir -p "$root$certificates"
[[ ! -d $certificates ]] || cp -r "$certificates/." "$root$certificates"
mmdebstrap --quiet --variant=minbase --include=ca-certificates,git,make --skip=check/empty bookworm "$root" "$(debian_mirror)"
# What CI itself mounts it keeps private to namespaces, for which / has to be a mount point.
mount --bind "$root" "$root"
make_dev
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
cp --remove-destination /etc/resolv.conf "$root/etc/"
cp -r "$(go env GOROOT)" "$root/usr/local/go"
mapfile -t variables < <(registry_settings $certificate_bundle)

step "a clone of $(git rev-parse --short HEAD)"
git clone --quiet --no-hardlinks . "$root/coral"
chown -R root: "$root/coral"

step "$*"
# shellcheck disable=SC2016 # for the bash inside
chroot "$root" env -i HOME=/root PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${variables[@]}" \
  bash -c 'cd /coral && exec "$@"' bash "$@" </dev/null
step "passed, with $(du -sh "$root" 2>/dev/null | cut -f1) in the end"
