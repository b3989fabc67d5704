import type { AgentTiming } from '@xylem/agent';
import { comparisonTiming } from '@xylem/store';
import { waitUntil } from '@xylem/testkit';
import type { Attack, Outcome } from './attack.ts';
import type { AttackLab } from './lab.ts';
import type { Lie } from './lies.ts';

const timestamp = 'metadata/timestamp\\.json$';
const objects = '^o/[^/]+/[0-9a-f]{64}$';

/** One who knows no other parent keeps what it has, and says after so long (26 hours, here 4 s) that it is cut off. */
async function holdBack(lab: AttackLab, name: string, lies: readonly Lie[]): Promise<Outcome> {
  const before = await lab.release();
  await lab.deploy(before);
  const host = await lab.host(name, { timing: { staleParentMs: 4_000 } });
  await lab.arrives(host, before);
  await lab.lie({ victim: host.id, lies });
  const after = await lab.release();
  await lab.deploy(after);
  const { tried, said } = await lab.says(host, ['E_PARENT_STALE']);
  const held = await lab.holds(host);
  await lab.honest(host);
  await lab.arrives(host, after);
  return { tried, said: [said], succeeded: held === before ? [] : [`${name} holds ${held}`] };
}

interface HeldUp {
  /** Lied to from its start on. */
  readonly always?: boolean;
  /** So many bytes of each release can't be made smaller. */
  readonly noiseBytes?: number;
  readonly timing?: Partial<AgentTiming>;
}

/** One who knows the root server too is not held up. */
async function holdUp(
  lab: AttackLab,
  name: string,
  lies: readonly Lie[],
  { always = false, noiseBytes = 0, timing = {} }: HeldUp = {},
): Promise<Outcome> {
  const before = await lab.release(noiseBytes);
  await lab.deploy(before);
  const host = await lab.host(name, { alsoRoot: true, timing, ...(always ? { lies } : {}) });
  await lab.arrives(host, before);
  if (!always) await lab.lie({ victim: host.id, lies });
  const after = await lab.release(noiseBytes);
  await lab.deploy(after);
  const tried = await waitUntil(() => lab.told(host), 60_000, `${name} to be lied to`);
  await lab.arrives(host, after);
  return { tried, succeeded: [], said: [] };
}

export const attacksOnTime: readonly Attack[] = [
  {
    name: 'a relay freezes',
    holds: 'the relay’s own key',
    run: (lab) => holdBack(lab, 'freeze', [{ match: timestamp, how: 'frozen' }]),
  },
  {
    name: 'a relay replays what is old',
    holds: 'the relay’s own key',
    run: (lab) => holdBack(lab, 'replay', [{ match: timestamp, how: 'first' }]),
  },
  {
    name: 'a relay sends a timestamp byte by byte',
    holds: 'the relay’s own key',
    run: (lab) => holdUp(lab, 'slow', [{ match: timestamp, how: 'trickle' }]),
  },
  {
    name: 'a relay says that it holds objects up on purpose',
    holds: 'the relay’s own key',
    // What it has to give takes 150 s at that rate. Minutes are seconds here.
    run: (lab) =>
      holdUp(lab, 'paced', [{ match: objects, how: 'paced' }], {
        noiseBytes: 60_000,
        timing: { comparison: { ...comparisonTiming, afterMs: 1_000, pacedMs: 4_000 } },
      }),
  },
  {
    name: 'a relay announces what there is not',
    holds: 'the relay’s own key',
    run: (lab) => holdUp(lab, 'invented', [{ match: '^news$', how: 'invented' }], { always: true }),
  },
];

/** By far the longest: a body is left after 30 s with less than 1 kB/s. */
export const attackByPatience: Attack = {
  name: 'a relay sends objects byte by byte',
  holds: 'the relay’s own key',
  run: (lab) => holdUp(lab, 'trickle', [{ match: objects, how: 'trickle' }]),
};
