import { XylemError } from '@xylem/core';
import { count, defineCommand, flag, list, requiredText, text } from '../../frame/define.ts';
import { environmentName } from '../../frame/words.ts';
import { installLine } from '../../install/line.ts';
import { environmentPatterns } from '../../selection/environments.ts';
import { readLabels } from '../../selection/labels.ts';

export const command = defineCommand({
  about: 'The token is shown this once. By default it works for one host and for 24 hours.',
  options: {
    env: requiredText('<environment>', 'where the host will belong'),
    serve: flag('the host may serve others of its environment: a relay'),
    serves: list(
      '<environment>',
      "with --serve: other environments too, or patterns, 'acme/*'; * alone means all",
    ),
    uses: count('<number>', 'for so many hosts', 1, 100_000),
    hours: count('<hours>', 'until so many hours from now', 1, 366 * 24),
    label: list('<key=value>', 'a label that each host joining by it gets; may be repeated'),
    parent: text('<url>', "what the machine dials: its relay's address (default: the root server's)"),
    from: text('<url>', 'a new machine fetches the agent from here: a plain copy of the repository'),
    replaces: text('<name>', 'a host that joins under this name takes its place, labels and all'),
  },
  example: 'xylem token create --env acme/production --uses 20 --label site=muc',
  async run({ options, api }) {
    const { env, serve, serves, uses, hours, label, replaces } = options;
    const parent = address('--parent', options.parent, 'https');
    const from = address('--from', options.from, 'https?');
    if (serves.length > 0 && !serve) throw new XylemError('E_INPUT', '--serves belongs to --serve.');
    const labels = readLabels(label);
    const created = await (await api()).call('tokenCreate', {
      body: {
        environment: environmentName(env),
        serve,
        ...(serves.length === 0 ? {} : { serves: environmentPatterns(serves, '--serves') }),
        ...(uses === undefined ? {} : { uses }),
        ...(hours === undefined ? {} : { expiresInSeconds: hours * 3600 }),
        ...(replaces === undefined ? {} : { replaces }),
        ...(label.length === 0 ? {} : { labels }),
      },
    });
    const { token, usesLeft } = created;
    // An older root server says nothing of it.
    const install = created.install ?? null;
    const url = parent ?? created.url;
    const join = `xylem join ${url} --token ${token}${created.serve ? ' --serve' : ''}`;
    const line =
      install === null ? null : installLine({ install, token, parent: url, from, serve: created.serve });
    const often = `${usesLeft === 1 ? 'once' : `${usesLeft} times`}, until ${created.expires}`;
    const further =
      install === null
        ? ''
        : `\nOn a new machine, as root; the agent ${install.version} comes along:\n  ${line}`;
    return { data: { ...created, join, line }, text: `On the host (${often}):\n  ${join}${further}` };
  },
});

/** It stands between quotes in a line for a shell. @throws XylemError E_INPUT */
function address(flag: string, word: string | undefined, schemes: string): string | undefined {
  if (word === undefined) return undefined;
  if (!new RegExp(`^${schemes}://[A-Za-z0-9._~:/%[\\]-]+$`).test(word))
    throw new XylemError('E_INPUT', `${flag} ${word} is no address. Write https://relay.muc.example:8442.`);
  return word.replace(/\/+$/, '');
}
