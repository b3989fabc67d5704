import { incidentKinds, XylemError } from '@xylem/core';
import type { Incident } from '@xylem/root/contract';
import { count, defineCommand, flag, text } from '../../frame/define.ts';
import { environmentQuery } from '../../selection/environments.ts';
import { incidentTable } from './shared.ts';

export const command = defineCommand({
  about: `Open incidents, or with --all closed ones, too. Each has one cause, however many hosts show it; the root server opens and
closes them by evidence: what hosts report, who falls silent, deployments that fail, metadata that ends soon.`,
  options: {
    env: text('<environment>', 'only of this environment, or pattern'),
    kind: text('<kind>', `only of this kind: ${incidentKinds.join(', ')}`),
    product: text('<product>', 'only of this product'),
    all: flag('also those that are closed'),
    limit: count('<number>', 'at most so many (default 50)', 1, 1000),
  },
  example: 'xylem incident list --env acme/production',
  async run({ options, api }) {
    const { env, kind, product, all, limit } = options;
    const answer = await (await api()).call('incidentList', {
      query: {
        ...environmentQuery(env),
        ...(kind === undefined ? {} : { kind: kindOf(kind) }),
        ...(product === undefined ? {} : { product }),
        ...(all ? {} : { state: 'open' as const }),
        limit: String(limit ?? 50),
      },
    });
    return { data: answer, text: () => incidentTable(answer.incidents) };
  },
});

function kindOf(word: string): Incident['kind'] {
  const kind = incidentKinds.find((one) => one === word);
  if (kind !== undefined) return kind;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no kind of incident. There are: ${incidentKinds.join(', ')}.`,
  );
}
