import { exitCodes, XylemError } from '@xylem/core';
import type { BodyOf, Reparenting, ReparentingWas } from '@xylem/root/contract';
import { count, flag, type Invocation, type Outcome } from '../../frame/define.ts';
import { counted } from '../../frame/words.ts';
import { confirmCount, yesOption } from '../../selection/confirm.ts';

/** The options of every command that begins a reparenting. */
export const reparentingOptions = {
  ...yesOption,
  batch: count('<hosts>', 'the first batch (default: 5); each further one is twice as large', 1),
  maxFailed: count('<hosts>', 'with more failures all go back (default: a tenth)', 0),
  watch: flag('stay until it has ended; the exit code says how'),
};

interface Terms {
  readonly yes: boolean;
  readonly batch: number | undefined;
  readonly maxFailed: number | undefined;
  readonly watch: boolean;
}

type BodyTerms = Pick<BodyOf<'relayReplace'>, 'firstBatch' | 'mostFailed' | 'dryRun'>;

/** Says how many hosts go where, asks if they are many, begins, and with --watch stays. */
export async function beginReparenting(
  invocation: Invocation,
  { yes, batch, maxFailed, watch }: Terms,
  begin: (terms: BodyTerms) => Promise<ReparentingWas>,
): Promise<Outcome> {
  const terms = {
    ...(batch === undefined ? {} : { firstBatch: batch }),
    ...(maxFailed === undefined ? {} : { mostFailed: maxFailed }),
  };
  const meant = await begin({ ...terms, dryRun: true });
  const targets = meant.targets
    .map(({ url, hosts }) => `${hosts} to ${url === '' ? 'the parent by which each joined' : url}`)
    .join(', ');
  const sentence =
    meant.hosts === 0
      ? 'No host has to go.'
      : `${counted(meant.hosts, 'host')} will change parents: ${targets}.`;
  await confirmCount(invocation, meant.hosts, sentence, yes);
  const done = await begin({ ...terms, dryRun: false });
  const { reparenting } = done;
  if (reparenting === null) return { data: done, text: sentence };
  if (watch) return await watchReparenting(invocation, reparenting.id);
  return {
    data: done,
    text: `${reparentingText(reparenting)}\nIt goes on by itself: xylem reparenting show ${reparenting.id} --watch`,
  };
}

const order = ['moved', 'trying', 'waiting', 'unheard', 'failed', 'returning', 'returned', 'gone'];

/** `3 moved, 5 trying, 12 waiting`. */
const statesText = ({ states }: Reparenting): string =>
  order.flatMap((state) => (states[state] === undefined ? [] : [`${states[state]} ${state}`])).join(', ') ||
  '-';

const kindText = ({ kind, rule, relay, by }: Reparenting): string =>
  kind === 'rule'
    ? `rule ${rule ?? ''}`
    : kind === 'move'
      ? 'move'
      : `${kind} ${relay ?? ''}${by === null ? '' : ` by ${by}`}`.trim();

export const reparentingRow = (one: Reparenting): (string | number)[] => [
  one.id,
  kindText(one),
  one.state,
  one.hosts,
  statesText(one),
  one.asked,
];

/** In one sentence or two. */
export function reparentingText(one: Reparenting): string {
  const note = one.note === null ? '' : `\n${one.note}`;
  return `${one.id} (${kindText(one)}) is ${one.state}: ${counted(one.hosts, 'host')}, ${statesText(one)}.${note}`;
}

const over: ReadonlySet<Reparenting['state']> = new Set(['done', 'failed', 'cancelled']);
const askEveryMs = 2_000;

/** Follows it until it has ended, or somebody pauses it, a line for each change. @throws XylemError E_INTERRUPTED; it goes on all the same */
export async function watchReparenting(invocation: Invocation, id: string): Promise<Outcome> {
  const { api, clock, terminal, signal } = invocation;
  const progress = terminal.progress(id, true);
  try {
    for (;;) {
      const one = await (await api()).call('reparentingShow', { params: { id } });
      const isOver = over.has(one.state);
      if (isOver || one.state === 'paused') {
        progress.done(statesText(one));
        return {
          data: one,
          text: reparentingText(one),
          exitCode: one.state === 'done' ? exitCodes.ok : exitCodes.outcome,
        };
      }
      progress.update(`${one.state}, batch ${one.batch}: ${statesText(one)}`);
      await clock.sleep(askEveryMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new XylemError(
      'E_INTERRUPTED',
      `${id} goes on without you. Follow it again: xylem reparenting show ${id} --watch; take it back: xylem reparenting cancel ${id}`,
    );
  }
}
