# shellcheck shell=bash disable=SC2034 # sourced
# What the verify scripts need to work in a fresh Debian: a folder for it that is removed
# safely, namespaces to mount in, and what it has to be told to reach Debian's mirror and
# the registries as this machine does.

# make_scratch makes a folder and sets scratch to its name. It is removed when the script
# ends, but not while something is mounted in it, which a removal would reach.
make_scratch() {
  [[ $(id -u) == 0 ]] || { echo "${0##*/}: run it as root" >&2; exit 1; }
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/coral-verify.XXXXXX")
  trap remove_scratch EXIT
}

remove_scratch() {
  if grep -F "$scratch" /proc/self/mounts >&2; then
    echo "${0##*/}: these are still mounted; left as they are" >&2
    return 1
  fi
  rm -rf --one-file-system "$scratch"
}

# run_inside ARGUMENT… runs this script again with --inside, the scratch folder and those, in
# namespaces of its own: whatever happens, no mount and no process outlives it.
run_inside() {
  own_mounts
  unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$0" --inside "$scratch" "$@"
}

# own_mounts ends the script where mounts cannot be made private.
own_mounts() {
  awk '$5 == "/" { found = 1 } END { exit !found }' /proc/self/mountinfo && return
  echo "${0##*/}: / is not a mount point here, as in a chroot; enter it after mount --bind ROOT ROOT" >&2
  exit 1
}

# copy_checkout DIR copies what git has of this checkout, or would have.
copy_checkout() {
  git ls-files -z --cached --others --exclude-standard |
    tar --create --null --ignore-failed-read --files-from - | tar --extract -C "$1"
}

# debian_mirror prints the mirror that this machine's apt uses, or CORAL_MIRROR.
debian_mirror() {
  # shellcheck disable=SC2016 # for apt
  local mirror=${CORAL_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)}
  [[ -n $mirror ]] || { echo "this machine's apt knows no mirror of Debian; name one in CORAL_MIRROR" >&2; return 1; }
  echo "$mirror"
}

# registry_settings CERTIFICATES prints what this machine's package managers were told, as
# variables. The file of that name is where the certificates of certificate_bundle will be.
registry_settings() {
  local name
  {
    for name in PIP_CERT NODE_EXTRA_CA_CERTS SSL_CERT_FILE; do echo "$name=$1"; done
    for name in GOPROXY GOSUMDB GONOSUMDB GONOPROXY; do echo "$name=$(go env $name)"; done
    echo "PIP_INDEX_URL=$(python3 -m pip config get global.index-url 2>/dev/null || true)"
    echo "npm_config_registry=$(npm config get registry 2>/dev/null || true)"
  } | grep -v '=$'
}

# certificate_bundle is where Debian keeps whom to trust.
certificate_bundle=/etc/ssl/certs/ca-certificates.crt
