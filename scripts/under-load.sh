#!/usr/bin/env bash
# Runs a command while this machine is busy with other work:
#
#   scripts/under-load.sh N COMMAND [ARGUMENT...]
#
# N processes that do nothing but count run beside it, so that the load average rises to N
# and more. They end with the command, with this script however it ends, and after four
# hours in any case. The exit status is the command's.
set -euo pipefail
if [[ ! ${1-} =~ ^[0-9]{1,3}$ ]] || (($# < 2)); then
  echo "usage: under-load.sh N COMMAND [ARGUMENT...], N from 0 to 999" >&2
  exit 2
fi
readonly limit=$((4 * 60 * 60))
n=$((10#$1))
shift

# count looks now and then whether the process that it was started by is still there: a
# process that is killed runs no trap.
count() {
  local i
  while ((SECONDS < limit)) && kill -0 "$1" 2>/dev/null; do
    for ((i = 0; i < 100000; i++)); do :; done
  done
}

counters=()
stop() {
  ((${#counters[@]})) || return 0
  kill "${counters[@]}" 2>/dev/null || true
  wait "${counters[@]}" 2>/dev/null || true
  counters=()
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for ((started = 0; started < n; started++)); do
  # Not the command's standard input and output: who waits for their end waits for the command.
  count $$ </dev/null >/dev/null 2>&1 &
  counters+=($!)
done

status=0
"$@" || status=$?
stop
[[ ! -r /proc/loadavg ]] || echo "under-load.sh: load average over 1, 5 and 15 minutes: $(cut -d' ' -f1-3 /proc/loadavg)" >&2
exit $status
