/**
 * Starts the agent, tries another version of it, and goes back (docs/spec/agent-update.md, The launcher). It is a shell's
 * because it must never need an update itself, and costs a megabyte where a Node costs forty. It forks nothing at rest.
 * Arguments: state folder, deadline in seconds, the installed program in two words (the second may be empty), then
 * what is handed to `agent run`.
 *
 * Invariants: a start of what is on trial is counted durably before it happens; `trial` goes only after `failed` or
 * `confirmed` says why; whatever of these files is missing or damaged, something is started.
 */
const script = String.raw`
set -u
unset XYLEM_LAUNCH
state=$1 deadline=$2 program=$3 entry=$4
shift 4
dir=$state/agent
child= stopping= most=3

say() { printf 'xylem-agent-launch: %s\n' "$*" >&2; }
trap 'stopping=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP

# put FILE LINE: whole and durable, or not at all
put() {
  { printf '%s\n' "$2" >"$dir/$1.new"; } 2>/dev/null && sync "$dir/$1.new" 2>/dev/null &&
    mv -f "$dir/$1.new" "$dir/$1" 2>/dev/null && sync "$dir" 2>/dev/null
}
# runs PID: false too for what has ended and was not waited for
runs() {
  read -r line 2>/dev/null <"/proc/$1/stat" || return 1
  case "${'$'}{line##*) }" in Z* | X*) return 1 ;; esac
}
# left: agents of this folder that another launcher left
left() { grep -lszxF "XYLEM_LAUNCHER=$state" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3; }
pause() {
  sleep "$1" &
  wait "$!"
}
# go_back CAUSE WORDS: the former version is told why
go_back() {
  say "goes back to the former version: $2"
  {
    printf '%s %s %s\n' "$id" "$1" "$2"
    tail -c 3000 "$dir/output"
  } >"$dir/failed.new" 2>/dev/null && sync "$dir/failed.new" 2>/dev/null && mv -f "$dir/failed.new" "$dir/failed"
  end_trial
}
end_trial() { rm -f "$dir/trial" "$dir/boots" "$dir/ready"; }

mkdir -p "$dir" 2>/dev/null

# Of two on one folder the second gives way.
if read -r other 2>/dev/null <"$dir/launched" && [ "$other" != "$$" ] && runs "$other"; then
  if tr '\0' '\n' 2>/dev/null <"/proc/$other/cmdline" | grep -qxF -e "$state" &&
    tr '\0' '\n' 2>/dev/null <"/proc/$other/cmdline" | grep -qxF 'xylem-agent-launch'; then
    say "another launcher runs for $state already (process $other)"
    exit 8
  fi
fi
put launched "$$"
# What a launcher that was killed left behind.
n=0
for signal in TERM KILL; do
  found=$(left)
  [ -z "$found" ] || kill -"$signal" $found 2>/dev/null
  while [ -n "$(left)" ] && [ -z "$stopping" ] && [ "$n" -lt 15 ]; do
    pause 1
    n=$((n + 1))
  done
done

while [ -z "$stopping" ]; do
  IFS= read -r good 2>/dev/null <"$dir/confirmed" || good=
  id= exe=
  if read -r id exe 2>/dev/null <"$dir/trial"; then
    read -r failed _ 2>/dev/null <"$dir/failed" || failed=
    if [ "$failed" = "$id" ] || [ "$exe" = "$good" ]; then
      end_trial # went down right after the verdict
      id=
    else
      read -r boots 2>/dev/null <"$dir/boots" || boots=0
      case $boots in '' | *[!0-9]*) boots=0 ;; esac
      if [ "$boots" -ge "$most" ]; then
        go_back exited "it was started $most times and ended each time before it was confirmed"
        continue
      fi
      boots=$((boots + 1))
      # What can't be counted is not tried.
      put boots "$boots" || id=
    fi
  fi
  if [ -z "$id" ]; then
    exe=$good
    case $exe in '' | base) exe=base ;; *) [ -x "$exe" ] || { say "$exe is gone; starts what was installed"; exe=base; } ;; esac
  fi
  run=$program first=$entry
  if [ "$exe" != base ]; then run=$exe first=; fi
  export XYLEM_LAUNCHER="$state" XYLEM_LAUNCHER_PID="$$" XYLEM_AGENT="$exe" XYLEM_TRIAL="$id"
  if [ -n "$id" ]; then
    : 2>/dev/null >"$dir/output"
    "$run" ${'$'}{first:+"$first"} agent run --state "$state" "$@" >>"$dir/output" 2>&1 &
  else
    "$run" ${'$'}{first:+"$first"} agent run --state "$state" "$@" &
  fi
  child=$!
  [ -z "$stopping" ] || kill -TERM "$child" 2>/dev/null
  cause=
  if [ -n "$id" ]; then
    left=$deadline
    while runs "$child" && [ -e "$dir/trial" ] && [ -z "$stopping" ]; do
      if [ "$left" -le 0 ]; then
        cause=hung words="it was not ready after $deadline s"
        [ ! -e "$dir/ready" ] || cause=silent words="no parent took its report for $deadline s"
        kill -KILL "$child" 2>/dev/null
        break
      fi
      pause 1
      left=$((left - 1))
      # Of one that says without end what is wrong, the newest is enough.
      [ -z "$(find "$dir/output" -size +16384 2>/dev/null)" ] || : >"$dir/output"
    done
  fi
  while :; do
    wait "$child"
    status=$?
    runs "$child" || break
  done
  child=
  if [ -n "$stopping" ]; then
    # Who is told to end has not failed.
    [ -z "$id" ] || put boots "$((boots - 1))"
    exit "$status"
  fi
  if [ -n "$id" ]; then
    tail -c 65536 "$dir/output" >&2 2>/dev/null
    if [ ! -e "$dir/trial" ]; then
      continue # confirmed: it is started again as such
    elif [ -n "$cause" ]; then
      go_back "$cause" "$words"
    elif [ "$boots" -ge "$most" ]; then
      go_back exited "it ended with $status before it was confirmed, $most times"
    else
      pause 1
    fi
  elif [ ! -e "$dir/trial" ] || [ "$status" != 0 ]; then
    exit "$status"
  fi
done
`;

/** The words and the variable by which `/bin/sh` becomes the launcher: not all of it need stand in a list of processes. `program`: how the installed agent is started, one or two words. */
export function launcher(options: {
  readonly stateFolder: string;
  readonly deadlineSeconds: number;
  readonly program: readonly [string, ...string[]];
  readonly runWords: readonly string[];
}): { readonly words: string[]; readonly variables: { readonly XYLEM_LAUNCH: string } } {
  const { stateFolder, deadlineSeconds, program, runWords } = options;
  const [first, second = ''] = program;
  const own = [stateFolder, String(deadlineSeconds), first, second, ...runWords];
  const words = ['sh', '-c', 'eval "$XYLEM_LAUNCH"', 'xylem-agent-launch', ...own];
  return { words, variables: { XYLEM_LAUNCH: script } };
}
