import { XylemError } from '@xylem/core';
import type { Recall } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { age, counted, nameAtVersion } from '../../frame/words.ts';

/** By its id, or the newest of `shop@2.4.0`. @throws XylemError E_NOT_FOUND, E_INPUT */
export async function findRecall(api: Api, word: string): Promise<Recall> {
  if (/^r-[0-9a-f]{12}$/.test(word)) return await api.call('recallShow', { params: { id: word } });
  const { name: product, version } = nameAtVersion(word, 'recall or release');
  const [newest] = (await api.call('recallList', { query: { product, version } })).recalls;
  if (newest !== undefined) return newest;
  throw new XylemError('E_NOT_FOUND', `${word} was not recalled. \`xylem recall list\` shows what was.`);
}

const stateWords: Readonly<Record<Recall['environments'][number]['state'], string>> = {
  due: 'not looked at yet',
  none: 'does not run it',
  leaving: 'on its way to another release',
  'going-back': 'going back',
  back: 'went back',
  stopped: 'the rollback has stopped',
  refused: 'may not go back',
  lifted: 'lifted by its operators',
};

/** `going: 2 of 5 environments, 3 hosts` */
export function recallProgress({ state, environments, running, unheard }: Recall): string {
  if (state !== 'going') return state;
  const left = environments.filter((one) => !['none', 'back', 'lifted'].includes(one.state)).length;
  return `${counted(left, 'environment')} and ${counted(running + unheard, 'host')} left`;
}

export function recallText(recall: Recall, nowMs: number): string {
  const { id, product, version, by, reason, since, ended, environments, hosts, running, unheard } = recall;
  const told = environments.filter(({ state }) => state !== 'none');
  const lines = [
    `${product}@${version} was recalled by ${by} at ${since} (${id}): ${reason}`,
    ended === null ? '' : `Ended by ${ended.by} at ${ended.at}: ${ended.reason}`,
    recall.state === 'done' ? 'Done: no host reports it, and no environment directs it.' : '',
    told.length === 0
      ? 'No environment directs it.'
      : tabulate(
          ['ENVIRONMENT', 'STANDS', 'TO', 'DEPLOYMENT', 'HOSTS REFUSE IT', 'WHY'],
          told.map((one) => [
            one.environment.name,
            stateWords[one.state],
            one.version ?? '-',
            one.deployment ?? '-',
            one.quarantined ? 'yes' : 'no',
            one.code === null ? (one.message ?? '-') : `${one.message ?? ''} (${one.code})`,
          ]),
          '',
        ),
    ended === null && told.some(({ quarantined, state }) => !quarantined && state !== 'lifted')
      ? 'Where hosts do not refuse it by themselves there are no operators who could lift that: xylem operators create.'
      : '',
    running + unheard === 0
      ? ''
      : tabulate(
          ['HOST', 'ENVIRONMENT', 'RUNS', 'LAST REPORT', 'WHY'],
          hosts.map((one) => [
            one.name,
            one.environment.name,
            one.components.length === 0 ? 'told to, not heard since' : one.components.join(', '),
            age(one.lastReport, nowMs),
            one.pinned === null ? (one.silent ? 'silent' : '-') : `pinned ${one.pinned}`,
          ]),
          '',
        ),
    hosts.length < running + unheard ? `And ${running + unheard - hosts.length} more hosts.` : '',
  ];
  return lines.filter((line) => line !== '').join('\n');
}
