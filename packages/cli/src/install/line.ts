/** What installs the agent on a machine, as the root server names it. */
export interface InstallObject {
  readonly domain: string;
  /** SHA-256 of the script. */
  readonly script: string;
}

const otherScript =
  'echo "xylem-install: E_OBJECT_DIGEST: the script did not come, or is another one; nothing was run" >&2; exit 7';

/**
 * The line that a person pastes into a shell of a new machine: it fetches the script, compares its digest, and runs what
 * it has compared, out of memory, with the token on standard input. Options may be written behind it.
 */
export function installLine(options: {
  readonly install: InstallObject;
  readonly token: string;
  readonly parent: string;
  /** A copy of the repository on a plain web server; absent: the parent. */
  readonly from: string | undefined;
  readonly serve: boolean;
}): string {
  const { install, token, parent, from, serve } = options;
  const url = `'${from ?? parent}/o/${install.domain}/${install.script}'`;
  const words = [
    `'${parent}'`,
    ...(from === undefined ? [] : [`--from '${from}'`]),
    ...(serve ? ['--serve'] : []),
  ];
  return [
    `x=$(curl -kfsSL --retry 5 ${url} || wget --no-check-certificate -qO- ${url})`,
    `printf '%s\\n' "$x" | sha256sum | grep -q '^${install.script} ' || x='${otherScript}'`,
    `echo '${token}' | sh -c "$x" xylem-install ${words.join(' ')}`,
  ].join('; ');
}
