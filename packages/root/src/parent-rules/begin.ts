import { checkHostMapEntry, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { entryOf } from '../directing/compose.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { refuseLoops } from '../hosts/loops.ts';
import { newReparentingId, writeReparenting } from '../reparenting/begin.ts';
import { type Chosen, chosenForAll, refuseUnfit } from '../reparenting/choose.ts';
import type { Fleet } from '../reparenting/fleet.ts';
import { supersede } from '../reparenting/rows.ts';
import type { Root } from '../root.ts';
import type { Ruled } from './ruled.ts';

/** Where rules are looked at. */
export interface RuleScene {
  readonly root: Root;
  readonly trx: Database;
  readonly environment: Pick<EnvironmentRow, 'id' | 'tenant' | 'environment'>;
  readonly fleet: Fleet;
}

/** One reparenting of all hosts of a rule. @returns why nothing was begun, or null */
export async function beginFor(
  scene: RuleScene,
  rule: string,
  group: readonly Ruled[],
): Promise<string | null> {
  const { root, trx } = scene;
  return await noted(async () => {
    const chosen = await chosenFor(scene, group);
    await supersede(
      trx,
      chosen.map(({ host }) => host.id),
    );
    const who = `parent-rule/${rule}`;
    const meant = { chosen, relay: null, replacement: null };
    await writeReparenting(root, trx, { id: newReparentingId(root), kind: 'rule', rule, who, ...meant });
  });
}

/** @returns what stands against it, or null */
export const standsAgainst = (scene: RuleScene, group: readonly Ruled[]): Promise<string | null> =>
  noted(async () => {
    await chosenFor(scene, group);
  });

/** @throws XylemError E_RELAY_FULL, E_CONFLICT */
async function chosenFor(
  { root, trx, environment, fleet }: RuleScene,
  group: readonly Ruled[],
): Promise<readonly Chosen[]> {
  const choosing = { db: trx, tenant: root.config.tenant, fleet };
  const chosen: Chosen[] = [];
  for (const same of Map.groupBy(group, ({ parents }) => parents.join(' ')).values())
    chosen.push(
      ...chosenForAll(
        choosing,
        same.map(({ host }) => host),
        same[0]?.parents ?? [],
      ),
    );
  await refuseUnfit(choosing, chosen);
  const next = chosen.map(({ host, parents }) => ({ ...host, parents }));
  for (const host of next) checkHostMapEntry(host.name, entryOf(host));
  await refuseLoops(trx, next, (row) => fullName(row) === fullName(environment));
  return chosen;
}

async function noted(attempt: () => Promise<void>): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}
