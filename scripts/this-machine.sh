# shellcheck shell=bash disable=SC2034 # sourced
# What a fresh Debian has to be told to reach Debian's mirror and the registries as this
# machine does. Sourced by the verify scripts.

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
