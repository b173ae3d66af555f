#!/usr/bin/env bash
# Runs a command during which the kernel runs programs for 64-bit and 32-bit ARM by
# qemu-user, in a chroot too:
#
#   scripts/with-qemu.sh COMMAND [ARGUMENT...]
#
# It needs root, and a kernel with binfmt_misc. What it registers it takes back. Where
# the machine's administrator has registered the same, or is such a machine itself,
# it changes nothing.
set -euo pipefail
(($#)) || { echo "usage: with-qemu.sh COMMAND [ARGUMENT...]" >&2; exit 2; }

# In a mount namespace of its own nobody else sees what is mounted here, and nothing
# can be left behind.
if [[ ${CORAL_WITH_QEMU:-} != "$$" ]]; then
  [[ $(id -u) == 0 ]] || { echo "with-qemu.sh: only root can register qemu with the kernel" >&2; exit 1; }
  exec unshare --mount --propagation private bash -c 'CORAL_WITH_QEMU=$$ exec bash "$@"' bash "$0" "$@"
fi
unset CORAL_WITH_QEMU

dir=/proc/sys/fs/binfmt_misc
[[ -e $dir/register ]] || mount -t binfmt_misc none "$dir" ||
  { echo "with-qemu.sh: this kernel has no binfmt_misc, so it cannot start programs for other machines" >&2; exit 1; }

mine=()
unregister() {
  for name in "${mine[@]}"; do echo -1 >"$dir/$name" || true; done
}
trap unregister EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# register QEMU CLASS MACHINE: the first 20 bytes of an ELF file tell its machine. Flag F has
# the kernel open qemu now, so that a chroot needs none; P keeps the name that a program was
# called by, which for busybox is all that matters.
register() {
  local name=gocoral-$1-$$ class=$2 machine=$3 qemu
  grep -ls "interpreter.*qemu-$1" "$dir"/* | grep -qv /gocoral- && return
  qemu=$(command -v "qemu-$1-static") || { echo "with-qemu.sh: qemu-$1-static is not installed" >&2; return 1; }
  printf '%s' ":$name:M::\\x7fELF\\x0$class\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x$machine\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:$qemu:FP" >"$dir/register"
  mine+=("$name")
}
host=$(uname -m)
[[ $host == aarch64 ]] || register aarch64 2 b7
[[ $host == aarch64 || $host == arm* ]] || register arm 1 28

"$@"
