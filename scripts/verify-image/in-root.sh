#!/usr/bin/env bash
# Runs a program in a folder that holds another machine's system, as root:
#
#   scripts/verify-image/in-root.sh ROOT COMMAND [ARGUMENT…]
#
# The kernel starts programs for ARM with qemu, as it is told in namespaces of its own
# (Linux 6.7 or newer): that, the mounts and whatever the program starts are gone when it
# ends, and there is no network.
set -euo pipefail
if [[ $1 != --inside ]]; then
  exec unshare --user --map-root-user --mount --propagation private --pid --net --fork --kill-child "$0" --inside "$@"
fi
root=$2
shift 2
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
# qemu's packages bring what the kernel has to be told; F opens qemu now, outside of the root.
for machine in /usr/lib/binfmt.d/qemu-{aarch64,arm}.conf; do
  [[ ! -e $machine ]] || cat "$machine" >/proc/sys/fs/binfmt_misc/register
done
mkdir -p "$root/proc" "$root/sys"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
exec chroot "$root" "$@"
