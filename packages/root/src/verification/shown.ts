import { type HostState, type Probe, type ProbeResult, stateOn, timeOf } from '@xylem/core';
import type { Verification } from '../api/schemas/verification.ts';
import type { Database } from '../db/tables.ts';
import { type AskedOnHosts, askedIn } from './on-hosts.ts';

type Shown = NonNullable<Verification['onHosts']>[number];

const mostNamed = 100;

/** A result as it is shown. */
export const shownResult = ({ state, reason, since, at }: ProbeResult) => ({
  state,
  reason,
  since: timeOf(since),
  at: timeOf(at),
});

/** How the probes that hosts ask stand, as the hosts reported last. */
export async function shownOnHosts(
  db: Database,
  environment: string,
  probes: readonly Probe[],
  reportEverySeconds: number,
  nowMs: number,
): Promise<Shown[]> {
  const asked = await askedIn(db, environment, probes, reportEverySeconds, nowMs);
  return asked.map(shownProbe);
}

function shownProbe({ probe: { name, url }, of, words }: AskedOnHosts): Shown {
  const stands = words.map((word) => ({ ...word, ...stateOn(word, { name, of }) }));
  const count = (state: HostState): number => stands.filter((one) => one.state === state).length;
  const counts = {
    passed: count('pass'),
    failing: count('fail'),
    unreached: count('unreached'),
    silent: count('silent'),
  };
  return {
    name,
    url,
    state: summed(counts),
    hosts: words.length,
    ...counts,
    others: (['fail', 'unreached', 'silent'] as const)
      .flatMap((state) =>
        stands
          .filter((one) => one.state === state)
          .map(({ host, hostName, result }) => ({
            host,
            name: hostName,
            state,
            reason: result?.reason ?? '',
          }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      )
      .slice(0, mostNamed),
  };
}

/** Who says nothing may be switched off; where nobody says that it passes, it does not. */
function summed({ passed, failing, unreached }: Pick<Shown, 'passed' | 'failing' | 'unreached'>): HostState {
  if (failing > 0) return 'fail';
  if (unreached > 0) return 'unreached';
  return passed > 0 ? 'pass' : 'silent';
}
