import type { ResponseOf } from '@xylem/root/contract';
import { list, type Outcome } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted } from '../../frame/words.ts';
import { environmentPattern } from '../../selection/environments.ts';

export const environmentOption = {
  env: list('<environment>', 'a name or pattern; may be repeated (default: all that you operate)'),
};

export const environmentsOf = (patterns: readonly string[]): { environments?: string[] } =>
  patterns.length === 0 ? {} : { environments: patterns.map(environmentPattern) };

/** Who would go where by a dry run. */
export function previewed(answer: Pick<ResponseOf<'parentRuleRemove'>, 'moves'>): Outcome {
  const { moves } = answer;
  const total = moves.reduce((sum, { hosts }) => sum + hosts, 0);
  const rows = moves.map(({ environment, rule, from, to, hosts, names, note }) => [
    hosts,
    environment,
    rule,
    from ?? '-',
    to.join(' '),
    `${names.join(' ')}${hosts > names.length ? ' …' : ''}`,
    note ?? '',
  ]);
  const table = tabulate(['HOSTS', 'ENVIRONMENT', 'RULE', 'FROM', 'TO', 'NAMES', 'WAITS'], rows, '');
  return {
    data: answer,
    text:
      total === 0
        ? 'No host would go. Nothing was changed.'
        : `${table}\n${counted(total, 'host')} would go. Nothing was changed.`,
  };
}
