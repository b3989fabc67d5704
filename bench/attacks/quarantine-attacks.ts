import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DesiredState, type Lift, parseLift } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import type { Attack, Outcome } from './attack.ts';
import type { Stolen } from './forge.ts';
import type { Getaround } from './forge-quarantine.ts';
import { type AttackLab, production, staging, type Victim } from './lab.ts';

type Quarantine = NonNullable<DesiredState['quarantined']>[number];

const timestamp = 'metadata/timestamp\\.json$';

interface Memory {
  readonly quarantine?: { readonly quarantined: readonly Quarantine[] };
}

async function memoryOf(host: Victim): Promise<Memory> {
  return JSON.parse(await readFile(join(host.state, 'accepted.json'), 'utf8')) as Memory;
}

/** An operator's word, with a key that lies at his machine alone. */
async function quarantine(lab: AttackLab, version: string, where: string): Promise<void> {
  const { documents } = (await lab.api('GET', `/environments/${where}/operators`)).body as {
    documents: object[];
  };
  if (documents.length === 0) await lab.xylem.command(['operators', 'create', where, '--yes']);
  const words = ['release', 'quarantine', `shop@${version}`, '--in', where, '--reason', 'attack'];
  await lab.xylem.command(words);
}

interface Signed {
  readonly file: string;
  readonly envelope: object;
  readonly lift: Lift;
}

/** A lift that operators signed, not sent yet. */
async function signedLift(lab: AttackLab, version: string, where: string): Promise<Signed> {
  const file = join(await mkdtemp(join(lab.folder, 'lift-')), 'lift');
  const words = [
    'release',
    'lift',
    `shop@${version}`,
    '--in',
    where,
    '--reason',
    'attack',
    '--out',
    file,
    '--yes',
  ];
  await lab.xylem.command(words);
  const { document } = JSON.parse(await readFile(file, 'utf8')) as { document: { payload: string } };
  return { file, envelope: document, lift: parseLift(Buffer.from(document.payload, 'base64')) };
}

/** One who directs, and wants a host to take what operators quarantined there. */
async function gettingAround(lab: AttackLab, name: string, roles: readonly Stolen[]): Promise<Outcome> {
  const keys = Object.fromEntries(
    await Promise.all(roles.map(async (role) => [role, await lab.keyOf(role)] as const)),
  );
  const held = await lab.release();
  const bad = await lab.release();
  await lab.deploy(held);
  const host = await lab.host(name);
  await lab.arrives(host, held);
  // Once before, and lifted: what he may replay. Elsewhere too: what he may bring along.
  await quarantine(lab, bad, production);
  const former = await signedLift(lab, bad, production);
  await lab.xylem.command(['ceremony', 'finish', former.file]);
  await quarantine(lab, bad, staging);
  const foreign = await signedLift(lab, bad, staging);
  await quarantine(lab, bad, production);
  const { release } = await lab.released(bad);
  const { quarantine: formerId } = former.lift;
  const known = await waitUntil(
    async () =>
      (await memoryOf(host)).quarantine?.quarantined.find(
        (one) => one.release === release && one.id !== formerId,
      ),
    60_000,
    `${name} to know the quarantine`,
  );
  const own = await signedLift(lab, bad, production);

  const ways: readonly Getaround[] = [
    { how: 'left out' },
    { how: 'forged' },
    { how: 'operators' },
    { how: 'renamed' },
    { how: 'given', lifts: [former.envelope] },
    { how: 'given', lifts: [foreign.envelope] },
  ];
  let tried = 0;
  const succeeded: string[] = [];
  const said = new Set<string>();
  for (const getaround of ways) {
    const genuine = await forgeNext(lab, host, keys, bad, known, getaround);
    for (const code of await codesOf(lab, host, keys, genuine)) said.add(code);
    tried += 1;
    const holds = await lab.holds(host);
    if (holds !== held) succeeded.push(`${host.name} holds ${holds} after ${getaround.how}`);
  }
  if (isRoot(keys)) {
    // The control: the same road, with what the operator signed for this very quarantine.
    await forgeNext(lab, host, keys, bad, known, { how: 'given', lifts: [own.envelope] });
  } else {
    await lab.honest(host);
    await lab.xylem.command(['ceremony', 'finish', own.file]);
    await lab.deploy(bad);
  }
  await lab.arrives(host, bad);
  return { tried, succeeded, said: [...said] };
}

type Keys = Readonly<Partial<Record<Stolen, string>>>;

/** Whoever lacks the snapshot's key is found out by the digest in it, before his desired state is read. */
const isRoot = (keys: Keys): boolean => keys.timestamp !== undefined;

/** Directs the quarantined release. @returns the number of the genuine desired state; his is above it */
async function forgeNext(
  lab: AttackLab,
  host: Victim,
  keys: Keys,
  version: string,
  known: Quarantine,
  getaround: Getaround,
): Promise<number> {
  const assignments = [{ component: 'payload', ...(await lab.released(version)) }];
  if (!isRoot(keys)) {
    // His role takes the place of the next genuine one: the host must not have seen that.
    await lab.lie({ victim: host.id, lies: [{ match: timestamp, how: 'frozen' }] });
  }
  // A number of its own for each, so that the host's report says which one it has seen.
  await lab.change();
  const { number } = (await lab.api('GET', `/environments/${production}`)).body as { number: number };
  await lab.lie({
    victim: host.id,
    lies: [],
    forgery: { keys, assignments, quarantine: { known, getaround } },
  });
  return number;
}

/** What the host says once it has met the forgery: of what it accepted, or of what it did not. */
async function codesOf(lab: AttackLab, host: Victim, keys: Keys, genuine: number): Promise<string[]> {
  if (!isRoot(keys)) return [(await lab.says(host, ['E_METADATA_INVALID'])).said];
  return await waitUntil(
    async () => {
      const { waiting, directionNumber } = await lab.show(host);
      const codes = waiting.map(({ code }) => code);
      return (directionNumber ?? 0) > genuine && codes.includes('E_QUARANTINED') ? codes : undefined;
    },
    60_000,
    `${host.name} to report E_QUARANTINED`,
  );
}

export const attacksOnQuarantines: readonly Attack[] = [
  {
    name: 'a stolen director key against a quarantine',
    holds: 'the relay’s key, the environment’s director key',
    run: (lab) => gettingAround(lab, 'quarantine-director', ['director']),
  },
  {
    name: 'a taken-over root server against a quarantine',
    holds: 'the relay’s key, the environment’s director, snapshot and timestamp keys',
    run: (lab) => gettingAround(lab, 'quarantine-root', ['director', 'snapshot', 'timestamp']),
  },
];
