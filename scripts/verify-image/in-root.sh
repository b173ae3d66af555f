#!/usr/bin/env bash
# Runs a program in a folder that holds another machine's system, as root:
#
#   scripts/verify-image/in-root.sh ROOT COMMAND [ARGUMENT…]
#
# The kernel starts programs for ARM with qemu meanwhile. The mounts and whatever the
# program starts are gone when it ends, and there is no network.
set -euo pipefail
if [[ $1 != --inside ]]; then
  exec "$(dirname "$0")/../with-qemu.sh" unshare --mount --propagation private --pid --net --fork --kill-child "$0" --inside "$@"
fi
root=$2
shift 2
mkdir -p "$root/proc" "$root/sys"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
exec chroot "$root" "$@"
