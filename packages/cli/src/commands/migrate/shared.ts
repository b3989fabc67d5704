import { XylemError } from '@xylem/core';
import type { BodyOf, ResponseOf } from '@xylem/root/contract';
import type { Invocation, Outcome } from '../../frame/define.ts';
import { requiredText, text } from '../../frame/define.ts';
import { counted, nameAtVersion } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';

type Body = BodyOf<'migrationOrder'>;
type Ordered = ResponseOf<'migrationOrder'>;

export const whereOption = { in: requiredText('<environment>', 'the environment whose database it is') };
export const orderOptions = {
  ...whereOption,
  release: text('<release>', 'shop@2.4.0, whose programs do it; default: the newest that is directed there'),
  runner: text('<host>', 'which host does it; default: the last one, or the first that has the component'),
};

const phases = ['expand', 'backfill', 'contract'] as const;

/** @throws XylemError E_INPUT */
export function phaseNamed(word: string | undefined): { phase?: (typeof phases)[number] } {
  if (word === undefined) return {};
  const phase = phases.find((one) => one === word);
  if (phase !== undefined) return { phase };
  throw new XylemError('E_INPUT', `"${word}" is no phase. Write expand, backfill or contract.`);
}

/** What the options that orders share say. */
export const orderedBy = (options: {
  readonly release: string | undefined;
  readonly runner: string | undefined;
}): Pick<Body, 'release' | 'runner'> => ({
  ...(options.release === undefined ? {} : { release: releaseNamed(options.release) }),
  ...(options.runner === undefined ? {} : { runner: options.runner }),
});

function releaseNamed(word: string): { product: string; version: string } {
  const { name: product, version } = nameAtVersion(word, 'release');
  return { product, version };
}

export async function order(
  invocation: Pick<Invocation, 'api'>,
  environment: string,
  body: Body,
): Promise<Ordered> {
  const api = await invocation.api();
  return await api.call('migrationOrder', { params: await environmentParams(api, environment), body });
}

export function orderedOutcome(environment: string, ordered: Ordered): Outcome {
  const { database, action, to, phase, term, runner, stops } = ordered;
  const what = phase === null ? action : `${action} ${phase}`;
  const hosts = new Set(stops.map(({ host }) => host)).size;
  const ends = hosts === 0 ? '' : ` It ends what ${counted(hosts, 'host')} cannot run with it.`;
  return {
    data: ordered,
    text: `${database}: ${what} to schema ${to} is ordered of ${runner.name} under term ${term}.${ends} Follow it: xylem migrate status --in ${environment}`,
  };
}
