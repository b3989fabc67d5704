import type { Digest } from '../ids.ts';
import type { ProbeResult } from '../verification/probe.ts';
import type { AfterWatch } from './after.ts';
import { type AfterEvidence, type AfterHost, lookAfterBy } from './after-look.ts';
import type { Deployment } from './deployment.ts';
import { deployment, host, MINUTE, newPackage, policy, rolling, runs, START } from './fleet.test-data.ts';
import { afterWatchRecord, isToRecord, noWatchRecorded, watchRecordText } from './watch-record.ts';

const watched: Deployment = { ...deployment('deploy', rolling('50%')), state: 'succeeded' };
const watch: AfterWatch = {
  since: START,
  until: START + 20 * MINUTE,
  maxFailed: 1,
  maxUnavailable: '50%',
  onFail: 'rollback',
  badSince: null,
  probes: [{ name: 'home', of: 'home-1', state: 'pass' }],
};

export const result = (state: ProbeResult['state'], at: number, name = 'own'): ProbeResult => ({
  name,
  of: `${name}-1`,
  state,
  reason: state === 'pass' ? 'status 200 in 5 ms' : `status 502 at ${at}`,
  since: at - 5000,
  at,
});

/** A host that was updated, as it reports at a moment: its components, and the probe that it asks. */
export function reporting(
  n: number,
  at: number,
  healthy = true,
  asked: ProbeResult['state'] = 'pass',
): AfterHost {
  const evidence = host(n, {
    admittedAt: START - 10 * MINUTE,
    lastReport: at,
    lastSeen: at,
    reported: [runs(newPackage, healthy)],
  });
  const results = [result(asked, at)];
  return { id: evidence.id, evidence, asks: { of: ['own-1'], isHeard: true, changed: START, results } };
}

export function evidenceAt(
  at: number,
  hosts: readonly AfterHost[],
  more: Partial<AfterEvidence> = {},
): AfterEvidence {
  return {
    deployment: watched,
    policy,
    hosts,
    before: [{ name: 'own', of: 'own-1', passed: [0, 1, 2, 3].map((n) => host(n).id) }],
    asked: ['own-1'],
    probes: [result('pass', at, 'home')],
    ...more,
  };
}

/** What a root server would have recorded of these looks, up to the end of the watch. */
export function recordedOf(
  looks: readonly { readonly at: number; readonly evidence: AfterEvidence }[],
  before: Digest | null = null,
) {
  let recorded = noWatchRecorded(before);
  let present = watch;
  const lines: string[] = [];
  for (const { at, evidence } of looks) {
    const said = lookAfterBy(present, evidence, at);
    if (isToRecord(present, said)) {
      lines.push(watchRecordText(recorded, present, evidence, at, said));
      recorded = afterWatchRecord(recorded, lines.at(-1) ?? '');
    }
    if (said.look.kind !== 'watching') break;
    present = said.look.watch;
  }
  return { lines, recorded, watch: present };
}

/** Hosts fail and recover, one leaves and one comes, and then a probe fails on two of them for longer than a minute. */
export const example = recordedOf(
  [
    [
      1,
      evidenceAt(
        START + MINUTE,
        [0, 1, 2, 3].map((n) => reporting(n, START + MINUTE)),
      ),
    ],
    [
      2,
      evidenceAt(
        START + 2 * MINUTE,
        [0, 1, 2, 3].map((n) => reporting(n, START + 2 * MINUTE, n > 1)),
      ),
    ],
    [
      3,
      evidenceAt(
        START + 3 * MINUTE,
        [0, 1, 2, 4].map((n) => reporting(n, START + 3 * MINUTE, n > 0)),
      ),
    ],
    ...[5, 6].map((minute) => {
      const at = START + minute * MINUTE;
      const hosts = [0, 1, 2, 4].map((n) => reporting(n, at, true, n === 0 || n === 2 ? 'fail' : 'pass'));
      return [minute, evidenceAt(at, hosts)] as const;
    }),
  ].map(([minute, evidence]) => ({
    at: START + (minute as number) * MINUTE + 1000,
    evidence: evidence as AfterEvidence,
  })),
  'd'.repeat(64) as Digest,
);
