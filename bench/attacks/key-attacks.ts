import type { Assignment } from '@xylem/core';
import type { Attack, Outcome } from './attack.ts';
import type { Stolen } from './forge.ts';
import type { AttackLab, Victim } from './lab.ts';

const timestamp = 'metadata/timestamp\\.json$';
const nothing = '0'.repeat(64);
const refused = [
  'E_METADATA_SIGNATURE',
  'E_METADATA_INVALID',
  'E_PARENT_STALE',
  'E_METADATA_ROLLBACK',
  // Larger than the snapshot says.
  'E_TOO_LARGE',
];

async function victim(lab: AttackLab, name: string): Promise<{ host: Victim; old: string; held: string }> {
  const old = await lab.release();
  const held = await lab.release();
  await lab.deploy(held);
  const host = await lab.host(name);
  await lab.arrives(host, held);
  return { host, old, held };
}

/** The thief signs what he can, and invents the rest. */
async function withKeys(lab: AttackLab, name: string, roles: readonly Stolen[]): Promise<Outcome> {
  const { host, old, held } = await victim(lab, name);
  const stolen = await Promise.all(roles.map(async (role) => [role, await lab.keyOf(role)] as const));
  const choice = { component: 'payload', ...(await lab.released(old)) } as Partial<Assignment>;
  await lab.lie({ victim: host.id, lies: [{ match: timestamp, how: 'frozen' }] });
  const next = await lab.release();
  await lab.deploy(next);
  await lab.lie({
    victim: host.id,
    lies: [],
    forgery: { keys: Object.fromEntries(stolen), assignments: [choice] },
  });
  const { tried, said } = await lab.says(host, refused);
  const holds = await lab.holds(host);
  await lab.honest(host);
  // What the thief of a timestamp's key signed counts: only a newer one goes beyond it.
  const last = await lab.release();
  await lab.deploy(last);
  await lab.arrives(host, last);
  return { tried, said: [said], succeeded: holds === held ? [] : [`${host.name} holds ${holds}`] };
}

/** One who directs: what he asks for beside what publishers signed is held back, and what they signed he may choose. */
async function directing(lab: AttackLab, name: string, roles: readonly Stolen[]): Promise<Outcome> {
  const { host, old } = await victim(lab, name);
  const stolen = Object.fromEntries(
    await Promise.all(roles.map(async (role) => [role, await lab.keyOf(role)] as const)),
  );
  const withdrawn = await lab.release();
  const current = await lab.release();
  await lab.deploy(current);
  await lab.arrives(host, current);
  const floor = withdrawn;
  await lab.rule({ floor: floor as never, withdrawn: [(await lab.released(withdrawn)).release] }, current);
  // Who directs can keep this from hosts that have not seen it, and from them only.
  await lab.change();
  await lab.knows(host, floor);
  const present = await lab.released(current);
  const wishes: { readonly wish: Partial<Assignment>; readonly code: string }[] = [
    { wish: { ...present, package: (await lab.released(old)).package }, code: 'E_NOT_VOUCHED' },
    { wish: { ...present, release: nothing as never }, code: 'E_NOT_VOUCHED' },
    { wish: { ...present, version: '9.9.9' as never }, code: 'E_NOT_VOUCHED' },
    { wish: { ...present, config: { command: 'touch /tmp/taken' } }, code: 'E_CONFIG_INVALID' },
    { wish: await lab.released(withdrawn), code: 'E_WITHDRAWN' },
    { wish: await lab.released(old), code: 'E_BELOW_FLOOR' },
  ];
  let tried = 0;
  const succeeded: string[] = [];
  for (const { wish, code } of wishes) {
    await forgeNext(lab, host, stolen, wish);
    const met = await lab.says(host, [code]);
    tried += met.tried > 0 ? 1 : 0;
    const holds = await lab.holds(host);
    if (holds !== current) succeeded.push(`${host.name} holds ${holds} after ${code}`);
  }
  // The control, and what such a thief gains: another release that a publisher signed and stands by.
  const newer = await lab.release();
  // The genuine director names the vendor's new snapshot.
  await lab.change();
  await forgeNext(lab, host, stolen, await lab.released(newer));
  await lab.arrives(host, newer);
  return { tried, succeeded, said: wishes.map(({ code }) => code) };
}

async function forgeNext(
  lab: AttackLab,
  host: Victim,
  keys: Readonly<Partial<Record<Stolen, string>>>,
  wish: Partial<Assignment>,
): Promise<void> {
  const assignments = [{ component: 'payload', ...wish } as Partial<Assignment>];
  await lab.lie({ victim: host.id, lies: [], forgery: { keys, assignments } });
}

export const attacksByKeys: readonly Attack[] = [
  {
    name: 'a stolen timestamp key',
    holds: 'the relay’s key, the environment’s timestamp key',
    run: (lab) => withKeys(lab, 'stolen-timestamp', ['timestamp']),
  },
  {
    name: 'a stolen snapshot key',
    holds: 'the relay’s key, the environment’s snapshot key',
    run: (lab) => withKeys(lab, 'stolen-snapshot', ['snapshot']),
  },
  {
    name: 'stolen timestamp and snapshot keys',
    holds: 'the relay’s key, the environment’s timestamp and snapshot keys',
    run: (lab) => withKeys(lab, 'stolen-both', ['timestamp', 'snapshot']),
  },
  {
    name: 'a stolen director key',
    holds: 'the relay’s key, the environment’s director key',
    run: (lab) => withKeys(lab, 'stolen-director', ['director']),
  },
  {
    name: 'a taken-over root server',
    holds: 'the relay’s key, the environment’s director, snapshot and timestamp keys',
    run: (lab) => directing(lab, 'stolen-all', ['director', 'snapshot', 'timestamp']),
  },
];
