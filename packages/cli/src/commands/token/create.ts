import { XylemError } from '@xylem/core';
import { count, defineCommand, flag, list, requiredText, text } from '../../frame/define.ts';
import { environmentName } from '../../frame/words.ts';
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
    replaces: text('<name>', 'a host that joins under this name takes its place, labels and all'),
  },
  example: 'xylem token create --env acme/production --uses 20 --label site=muc',
  async run({ options, api }) {
    const { env, serve, serves, uses, hours, label, replaces } = options;
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
    const join = `xylem join ${created.url} --token ${created.token}${created.serve ? ' --serve' : ''}`;
    return {
      data: { ...created, join },
      text: `On the host (${created.usesLeft === 1 ? 'once' : `${created.usesLeft} times`}, until ${created.expires}):\n  ${join}`,
    };
  },
});
