/** The agent for one architecture, as a machine fetches it that has none. */
export interface Installable {
  /** As Node says it; null: any. */
  readonly arch: string | null;
  /** SHA-256 of the gzipped executable, an object of the product's domain. */
  readonly archive: string;
  readonly archiveBytes: number;
  /** SHA-256 of the executable. */
  readonly executable: string;
  readonly executableBytes: number;
}

/**
 * The script that makes a machine a host (docs/spec/install.md). Who runs it has checked its digest, and it holds those
 * of all that it fetches, so that it does not matter who gave it. It ends with one line break.
 */
export function installScript(options: {
  readonly domain: string;
  readonly version: string;
  readonly agents: readonly Installable[];
}): string {
  const lines = options.agents.map(
    ({ arch, archive, archiveBytes, executable, executableBytes }) =>
      `${arch ?? '*'} ${archive} ${archiveBytes} ${executable} ${executableBytes}`,
  );
  return `${head(options.domain, options.version, lines.join('\n'))}${body}`;
}

const head = (domain: string, version: string, agents: string): string => `#!/bin/sh
# Makes this machine a host of Xylem: fetches the agent, checks it, joins its environment, starts it. The join token
# comes on standard input. Run again it goes on where it was cut off, and changes nothing where a host is.
# xylem-install https://PARENT[:PORT] [--from URL] [--name NAME] [--serve] [--as-root] [--folder FOLDER]
set -u
umask 077
domain=${domain} version=${version}
# Architecture; SHA-256 and size of the archive; SHA-256 and size of the executable in it.
agents='${agents}'
`;

const body = String.raw`
# stop STATUS CODE SENTENCE: both as in docs/errors.md
stop() {
  status=$1 code=$2
  shift 2
  printf 'xylem-install: %s: %s\n' "$code" "$*" >&2
  exit "$status"
}
say() { printf 'xylem-install: %s\n' "$*"; }
has() { command -v "$1" >/dev/null 2>&1; }
digest() { [ -f "$1" ] && sha256sum <"$1" | cut -c 1-64; }
bytes_of() { if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi; }
as_owner() { if [ -n "$owner" ]; then runuser -u "$owner" -- "$@"; else "$@"; fi; }

# fetch URL FILE BYTES: goes on with what is there; many more bytes than there should be end it
fetch() (
  ulimit -f $(($3 / 512 + 64)) || exit 1
  # The digest is what counts: a machine that is no host yet knows no certificate of this installation.
  if has curl; then
    exec curl -kfsSL -C - --connect-timeout 20 --speed-limit 1 --speed-time 60 -o "$2" "$1"
  fi
  exec wget -q --no-check-certificate -c -T 60 -O "$2" "$1"
)

read_words() {
  while [ $# -gt 0 ]; do
    case $1 in
      --serve) serve=1 ;;
      --as-root) as_root=1 ;;
      --from | --name | --folder)
        [ $# -gt 1 ] || stop 2 E_INPUT "$1 lacks its value."
        case $1 in --from) from=${'$'}{2%/} ;; --name) name=$2 ;; *) folder=$2 ;; esac
        shift
        ;;
      https://?*) parent=${'$'}{1%/} ;;
      *) stop 2 E_INPUT "\"$1\" is neither a parent, as https://relay.example:8442, nor an option." ;;
    esac
    shift
  done
  [ -n "$parent" ] || stop 2 E_INPUT 'Name the parent, as https://relay.example:8442.'
  IFS= read -r token || :
  case $token in xyl1.*) ;; *) stop 3 E_JOIN_TOKEN 'No join token came on standard input.' ;; esac
}

choose_places() {
  if [ -n "$folder" ] || [ "$(id -u)" != 0 ]; then
    mkdir -p "${'$'}{folder:=$HOME/.local/share/xylem}" || stop 8 E_PERMISSION "$folder can't be made."
    folder=$(cd "$folder" && pwd) || stop 8 E_PERMISSION "$folder can't be entered."
    bin=$folder/xylem-agent state=$folder/host
    return
  fi
  bin=/usr/local/bin/xylem-agent state=/var/lib/xylem/host is_system=1
  [ -n "$as_root" ] || owner=xylem
  # Debian's package brings program, user and unit.
  if [ -x /usr/bin/xylem-agent ] && [ -e /usr/lib/systemd/system/xylem-agent.service ]; then
    bin=/usr/bin/xylem-agent is_packaged=1 owner=xylem
  fi
  cd /
}

choose_agent() {
  case $(uname -s)/$(uname -m) in
    Linux/x86_64) arch=x64 ;;
    Linux/aarch64) arch=arm64 ;;
    *) arch=$(uname -s)/$(uname -m) ;;
  esac
  while read -r for_arch archive archive_bytes executable executable_bytes; do
    case $for_arch in "$arch" | '*') return ;; esac
  done <<EOF
$agents
EOF
  stop 9 E_DRIVER_UNSUPPORTED "There is no agent $version for $arch, only for: $(echo "$agents" | cut -d ' ' -f 1 | tr '\n' ' ')"
}

require_space() {
  free=$(df -Pk "${'$'}{bin%/*}" | { read -r _ && read -r _ _ _ kib _ && echo "$kib"; }) || return
  need=$(((archive_bytes + executable_bytes - $(bytes_of "$part")) / 1024 + 1024))
  [ "$free" -ge "$need" ] ||
    stop 8 E_DISK_FULL "${'$'}{bin%/*} has $free KiB left, and installing the agent takes $need more."
}

get_archive() {
  wrong='' tries=0
  until [ "$(digest "$part")" = "$archive" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 8 ] || stop 6 E_PARENT_UNREACHABLE "The agent could not be fetched from $from: $said. Run this again: what came is kept."
    [ "$tries" -eq 1 ] || sleep "$tries"
    if said=$(fetch "$from/o/$domain/$archive" "$part" "$archive_bytes" 2>&1); then
      [ "$(digest "$part")" != "$archive" ] || break
    else
      require_space
      [ "$(bytes_of "$part")" -ge "$archive_bytes" ] || continue
    fi
    rm -f "$part"
    [ -z "$wrong" ] || stop 7 E_OBJECT_DIGEST "What $from gave is not the agent that was named. Nothing of it was run."
    wrong=1
  done
}

get_agent() {
  [ -z "$is_packaged" ] || return 0
  [ "$(digest "$bin")" != "$executable" ] || return 0
  has curl || has wget || stop 8 E_PREFLIGHT 'Neither curl nor wget is here.'
  mkdir -p "${'$'}{bin%/*}" || stop 8 E_PERMISSION "${'$'}{bin%/*} can't be made."
  part=$bin.$archive.part
  require_space
  get_archive
  if ! gzip -dc "$part" >"$bin.new" || [ "$(digest "$bin.new")" != "$executable" ]; then
    rm -f "$bin.new"
    require_space
    stop 8 E_STORAGE "$bin.new could not be written."
  fi
  chmod 755 "$bin.new"
  if ! said=$("$bin.new" --version 2>&1); then
    rm -f "$bin.new"
    stop 9 E_DRIVER_UNSUPPORTED "The agent does not start here: $said. It needs glibc 2.28, libstdc++ and libatomic (Debian: apt-get install libstdc++6 libatomic1)."
  fi
  sync "$bin.new" 2>/dev/null || sync
  mv -f "$bin.new" "$bin" && rm -f "$part"
}

make_owner() {
  if [ -n "$owner" ]; then
    has runuser || stop 9 E_DRIVER_UNSUPPORTED 'There is no runuser here: --as-root runs the agent as root.'
    id "$owner" >/dev/null 2>&1 ||
      useradd --system --user-group --home-dir /var/lib/xylem --no-create-home --shell /usr/sbin/nologin "$owner" ||
      stop 8 E_PERMISSION "The user $owner could not be made: --as-root runs the agent as root."
  fi
  mkdir -p "${'$'}{state%/*}" || stop 8 E_PERMISSION "${'$'}{state%/*} can't be made."
  [ -z "$owner" ] || chown "$owner:" "${'$'}{state%/*}"
}

join_parent() {
  printf '%s\n' "$token" |
    as_owner "$bin" join "$parent" --token - --state "$state" ${'$'}{name:+--name "$name"} ${'$'}{serve:+--serve} >/dev/null ||
    exit $?
  say "Joined by $parent with the agent $version."
}

write_unit() {
  unit=/etc/systemd/system/xylem-agent.service
  cat >"$unit.new" <<EOF || stop 8 E_STORAGE "$unit.new could not be written."
[Unit]
Description=Xylem agent
Wants=network-online.target
After=network-online.target

[Service]
${'$'}{owner:+User=$owner}
EnvironmentFile=-/etc/default/xylem-agent
ExecStart=$launch \$XYLEM_AGENT_OPTIONS
Restart=always
RestartSec=2
# Services and their supervisor outlive the agent: stopping the unit must not end them.
KillMode=process
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
EOF
  chmod 644 "$unit.new" && mv -f "$unit.new" "$unit"
}

start_agent() {
  launch="$bin agent launch --state $state"
  if [ -z "$is_system" ] || [ ! -d /run/systemd/system ]; then
    say "Start it: ${'$'}{owner:+runuser -u $owner -- }$launch"
    return
  fi
  [ -n "$is_packaged" ] || write_unit
  { systemctl daemon-reload && systemctl enable --quiet --now xylem-agent; } ||
    stop 9 E_SERVICE_START 'The agent was not started: see systemctl status xylem-agent.'
  say 'The agent runs: journalctl -u xylem-agent. Options of agent launch go into /etc/default/xylem-agent.'
}

main() {
  parent='' from='' name='' serve='' as_root='' folder='' owner='' is_system='' is_packaged='' said='' part=''
  read_words "$@"
  choose_places
  : "${'$'}{from:=$parent}"
  if [ -e "$state/identity/host.json" ]; then
    say "This machine has joined already, by $state; that was not changed."
    if [ -x "$bin" ] && [ -n "$is_system" ] && [ -d /run/systemd/system ]; then
      systemctl --quiet is-active xylem-agent && return
    fi
  fi
  choose_agent
  get_agent
  make_owner
  [ -e "$state/identity/host.json" ] || join_parent
  start_agent
}
main "$@"
`;
