import { type ProbeState, passedOn } from '@xylem/core';
import { presentProbes } from '../verification/befores.ts';
import { askedIn } from '../verification/on-hosts.ts';
import type { Gate } from './gate.ts';

/** Shows how users' addresses stand before anything begins. It is never closed: a release may be what mends them. */
export const probes: Gate = {
  name: 'probes',
  codes: [],
  concerns: ({ target, isWayBack, spec }) =>
    target !== null && !isWayBack && (spec.policy.verify ?? []).length > 0,
  async look(trx, { environment, spec: { policy }, nowMs }) {
    const { verify = [], reportEverySeconds } = policy;
    const onHosts = await askedIn(trx, environment.id, verify, reportEverySeconds, nowMs);
    const elsewhere = onHosts.map(({ probe: { name }, of, words }) => {
      const passed = passedOn({ name, of }, words).passed.length;
      return ` ${name} passes on ${passed} of ${words.length} hosts that ask it.`;
    });
    const standing = await presentProbes(trx, environment.id, verify, nowMs);
    const named = (state: ProbeState | null): string =>
      standing
        .filter((one) => one.state === state)
        .map(({ name }) => name)
        .join(', ');
    const passing = standing.filter(({ state }) => state === 'pass').length;
    const others = [
      ['failing already, and not held against the release', named('fail')],
      ['without a connection', named('unreached')],
      ['not asked yet', named(null)],
    ].filter(([, names]) => names !== '');
    const rest = others.map(([what, names]) => ` ${what}: ${names}.`).join('');
    const own = standing.length === 0 ? '' : ` ${passing} of ${standing.length} probes pass.${rest}`;
    return `${own}${elsewhere.join('')}`.trimStart();
  },
};
