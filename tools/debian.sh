#!/bin/sh
# Installs what tools/debian-packages.txt names and this machine lacks: as root, with apt-get. Elsewhere it says
# which tests will be skipped. Never fails: tests that need a missing package skip themselves.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
say() { printf 'xylem: %s\n' "$*" >&2; }

# Prints "package: reason" for each package that is missing.
missing() {
  while read -r package pattern reason; do
    case $package in '' | '#'*) continue ;; esac
    for path in $pattern; do [ -e "$path" ] && continue 2; done
    command -v "${pattern##*/}" >/dev/null 2>&1 && continue
    printf '%s: %s\n' "$package" "$reason"
  done <"$here/debian-packages.txt"
}

# Installing must not start servers on this machine: policy-rc.d says no for as long as this process lives.
policy=/usr/sbin/policy-rc.d
forbid_starting() {
  [ -e "$policy" ] && return
  printf '#!/bin/sh\n[ -d /proc/%s ] && exit 101\nexit 0\n' "$$" >"$policy" && chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
}

install() {
  say "installing Debian packages for the tests: $*"
  forbid_starting
  export DEBIAN_FRONTEND=noninteractive
  apt_get update
  # One by one if not all together: a package that is not to be had must not keep the others away.
  apt_get install "$@" || for package in "$@"; do apt_get install "$package"; done
}

# What apt-get says is shown only when it fails.
apt_get() {
  if ! said=$(apt-get -qq -y --no-install-recommends "$@" 2>&1 </dev/null); then
    printf '%s\n' "$said" >&2
    return 1
  fi
}

lacking=$(missing)
[ -n "$lacking" ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  # shellcheck disable=SC2046 # package names are words
  install $(printf '%s\n' "$lacking" | cut -d: -f1)
  lacking=$(missing)
  [ -n "$lacking" ] || exit 0
  why='could not be installed'
else
  why='only root can install them, by apt-get'
fi
say "these Debian packages are missing ($why); tests that need them are skipped:"
printf '%s\n' "$lacking" | sed 's/^/  /' >&2
exit 0
