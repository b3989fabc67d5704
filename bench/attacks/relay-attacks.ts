import { usageOf } from '../lab.ts';
import type { Attack, Outcome } from './attack.ts';
import { type AttackLab, staging, type Victim } from './lab.ts';
import type { Lie } from './lies.ts';

/** Files by what they are, as patterns of paths. */
const files = {
  timestamp: 'metadata/timestamp\\.json$',
  snapshot: 'metadata/\\d+\\.snapshot\\.json$',
  director: 'metadata/\\d+\\.targets\\.json$',
  desiredState: 'desired-state\\.json$',
  productRole: 'metadata/\\d+\\.p-',
  objects: '^o/[^/]+/[0-9a-f]{64}$',
  offers: '^o/[^/]+/offers/',
} as const;

interface RelayAttack {
  readonly name: string;
  readonly lies: readonly Lie[];
  /** Which of these the operator reads in `host show`. */
  readonly codes: readonly string[];
}

const broken = [
  'E_OBJECT_DIGEST',
  'E_METADATA_INVALID',
  'E_METADATA_SIGNATURE',
  'E_PARENT_STALE',
  'E_DOCUMENT_INVALID',
  'E_NETWORK',
  'E_TOO_LARGE',
];
const brokenObject = [
  'E_TOO_LARGE',
  'E_OBJECT_DIGEST',
  'E_OBJECT_MISSING',
  'E_OFFER_INVALID',
  'E_PARENT_STALE',
  'E_NETWORK',
  'refusedObjects',
];

/** A relay that holds its own key only. Each lies to a host that knows no other parent. */
const relayAttacks: readonly RelayAttack[] = [
  {
    name: 'a relay tampers with the timestamp',
    lies: [{ match: files.timestamp, how: 'flip' }],
    codes: broken,
  },
  {
    name: 'a relay tampers with the snapshot',
    lies: [{ match: files.snapshot, how: 'flip' }],
    codes: broken,
  },
  {
    name: 'a relay tampers with the director’s role',
    lies: [{ match: files.director, how: 'flip' }],
    codes: broken,
  },
  {
    name: 'a relay tampers with the desired state',
    lies: [{ match: files.desiredState, how: 'flip' }],
    codes: broken,
  },
  {
    name: 'a relay tampers with a product’s role',
    lies: [{ match: files.productRole, how: 'flip' }],
    codes: broken,
  },
  {
    name: 'a relay tampers with objects',
    lies: [{ match: files.objects, how: 'flip' }],
    codes: brokenObject,
  },
  { name: 'a relay tampers with offers', lies: [{ match: files.offers, how: 'flip' }], codes: brokenObject },
  { name: 'a relay truncates metadata', lies: [{ match: files.snapshot, how: 'short' }], codes: broken },
  {
    name: 'a relay breaks metadata off',
    lies: [{ match: files.director, how: 'cut' }],
    codes: [...broken, 'E_PARENT_UNREACHABLE'],
  },
  { name: 'a relay truncates objects', lies: [{ match: files.objects, how: 'short' }], codes: brokenObject },
  {
    name: 'a relay mixes an old snapshot with a new timestamp',
    lies: [{ match: files.snapshot, how: 'former' }],
    codes: [...broken, 'E_METADATA_ROLLBACK'],
  },
  {
    name: 'a relay mixes an old director’s role with a new snapshot',
    lies: [{ match: files.director, how: 'former' }],
    codes: [...broken, 'E_METADATA_ROLLBACK'],
  },
  {
    name: 'a relay mixes an old desired state with a new director’s role',
    lies: [{ match: files.desiredState, how: 'former' }],
    codes: broken,
  },
  {
    name: 'a relay gives other objects than were asked for',
    lies: [{ match: files.objects, how: 'former' }],
    codes: brokenObject,
  },
  {
    name: 'a relay gives another environment’s metadata',
    lies: [{ match: '^r/', how: 'foreign' }],
    codes: broken,
  },
  {
    name: 'a relay gives another environment’s snapshot',
    lies: [{ match: files.snapshot, how: 'foreign' }],
    codes: broken,
  },
  {
    name: 'a relay sends metadata without end',
    lies: [{ match: files.snapshot, how: 'endless' }],
    codes: broken,
  },
  {
    name: 'a relay sends a timestamp without end',
    lies: [{ match: files.timestamp, how: 'endless' }],
    codes: broken,
  },
  {
    name: 'a relay sends objects without end',
    lies: [{ match: files.objects, how: 'endless' }],
    codes: brokenObject,
  },
];

/** Above what an agent needs (75 MB) by far, and below what a body without an end would take. */
const mostRssMb = 400;

/**
 * Lies to as many hosts as there are in `some`, each by another, while a new release goes out: none takes anything, all
 * say so; then honest bytes on the same road bring it.
 */
async function lieToEach(
  lab: AttackLab,
  hosts: readonly Victim[],
  some: readonly RelayAttack[],
): Promise<Map<string, Outcome>> {
  const pairs = some.map((attack, index) => ({ attack, host: hosts[index] as Victim }));
  const before = await Promise.all(pairs.map(({ host }) => lab.holds(host)));
  const otherEnvironment = await lab.environment(staging);
  const version = await lab.release();
  for (const { attack, host } of pairs) {
    // Who is to be offered another environment's metadata waits until that is there.
    const lies = attack.lies.some(({ how }) => how === 'foreign')
      ? [{ match: files.timestamp, how: 'frozen' as const }]
      : attack.lies;
    await lab.lie({ victim: host.id, lies });
  }
  await lab.deploy(version);
  const wantsOther = some.some(({ lies }) => lies.some(({ how }) => how === 'foreign'));
  if (wantsOther) await offerOther(lab, pairs, version, otherEnvironment);
  const outcomes = await Promise.all(
    pairs.map(async ({ attack, host }, index): Promise<[string, Outcome]> => {
      const { tried, said } = await lab.says(host, attack.codes);
      const held = await lab.holds(host);
      const rss = await rssMb(host);
      const succeeded = [
        ...(held === before[index] ? [] : [`${host.name} holds ${held}`]),
        ...(rss <= mostRssMb ? [] : [`${host.name} takes ${rss} MB`]),
      ];
      return [attack.name, { tried, succeeded, said: [said] }];
    }),
  );
  for (const { host } of pairs) await lab.honest(host);
  for (const { host } of pairs) await lab.arrives(host, version);
  return new Map(outcomes);
}

/** The other environment's metadata is newer than the victim's: what is older would only look like a relay that lags. */
async function offerOther(
  lab: AttackLab,
  pairs: readonly { readonly attack: RelayAttack; readonly host: Victim }[],
  version: string,
  otherEnvironment: string,
): Promise<void> {
  await lab.versionsAreOver();
  await lab.deploy(version, staging);
  for (const { attack, host } of pairs) {
    if (attack.lies.every(({ how }) => how !== 'foreign')) continue;
    await lab.lie({ victim: host.id, lies: attack.lies, otherEnvironment });
  }
}

async function rssMb({ pid }: Victim): Promise<number> {
  return Math.round((await usageOf(pid)).rssMb);
}

/** How many hosts are lied to at once. */
const hostsAtOnce = 5;

/** The hosts that all of these share: none is poisoned by what it was told before. */
let shared: Promise<Victim[]> | undefined;
const rounds = new Map<number, Promise<Map<string, Outcome>>>();

async function victimsOf(lab: AttackLab): Promise<Victim[]> {
  const version = await lab.release();
  await lab.deploy(version);
  const hosts: Victim[] = [];
  for (let count = 0; count < hostsAtOnce; count += 1) hosts.push(await lab.host(`victim-${count}`));
  for (const host of hosts) await lab.arrives(host, version);
  // Another environment has metadata of its own, which the relay may read.
  await lab.deploy(version, staging);
  return hosts;
}

export const attacksByRelays: readonly Attack[] = relayAttacks.map(({ name }, index) => ({
  name,
  holds: 'the relay’s own key',
  run: async (lab) => {
    shared ??= victimsOf(lab);
    const hosts = await shared;
    const round = Math.floor(index / hostsAtOnce);
    const some = relayAttacks.slice(round * hostsAtOnce, (round + 1) * hostsAtOnce);
    const outcome = rounds.get(round) ?? lieToEach(lab, hosts, some);
    rounds.set(round, outcome);
    const found = (await outcome).get(name);
    if (found === undefined) throw new Error(name);
    return found;
  },
}));
