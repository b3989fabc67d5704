import type { Attack, Outcome } from './attack.ts';
import { attacksByConfiguration } from './config-attacks.ts';
import { attacksByIdentity } from './identity-attacks.ts';
import { attacksByKeys } from './key-attacks.ts';
import type { AttackLab } from './lab.ts';
import { attacksOnQuarantines } from './quarantine-attacks.ts';
import { attacksByRelays } from './relay-attacks.ts';
import { attackByPatience, attacksOnTime } from './time-attacks.ts';

/** Every attack of docs/security.md that has its test here, in the order in which they share a lab. */
export const attacks: readonly Attack[] = [
  ...attacksByRelays,
  ...attacksOnTime,
  ...attacksByKeys,
  ...attacksOnQuarantines,
  ...attacksByConfiguration,
  ...attacksByIdentity,
  attackByPatience,
];

/** Runs one, and holds it to what it must show: that it was tried, and that nothing came of it. */
export async function held(attack: Attack, lab: AttackLab): Promise<Outcome> {
  const outcome = await attack.run(lab);
  // Those on relays come first, and share their hosts.
  if (!attacksByRelays.includes(attack)) await lab.stopHosts();
  if (outcome.tried === 0) throw new Error(`${attack.name}: nobody met it`);
  return outcome;
}
