import {
  type After,
  type EnvironmentSpec,
  earlierStages,
  type KnownRelease,
  missingAt,
  soakMs,
  XylemError,
} from '@xylem/core';
import type { Database } from '../../db/tables.ts';
import { type EnvironmentRow, fullName } from '../../environments/names.ts';
import { environmentsOf, stagesOf } from '../../environments/stages.ts';
import { type Gate, targetOf } from '../gate.ts';
import { approvedInHaste } from '../override.ts';
import { placeOf } from './evidence.ts';
import { unprovenAt } from './proof.ts';

/** What ran there before may come back, whatever was demanded since. */
export const stageOrder: Gate = {
  name: 'stage-order',
  codes: ['E_STAGE_ORDER'],
  concerns: ({ target, isWayBack, spec }) =>
    target !== null && !isWayBack && spec.policy.after !== 'none' && demands(spec),
  look: async (trx, candidate) => {
    const by = approvedInHaste(candidate);
    if (by !== null) return `Passed: it is urgent, and ${by} approved it.`;
    return await requireEarlier(trx, candidate, targetOf(candidate));
  },
};

const demands = ({ stage, policy }: EnvironmentSpec): boolean =>
  stage !== undefined || policy.after !== undefined;

interface Place {
  readonly environment: EnvironmentRow;
  readonly spec: EnvironmentSpec;
  readonly nowMs: number;
}

/**
 * Looks whether a release has behind it what must come first.
 * @returns what was seen
 * @throws XylemError E_STAGE_ORDER with what is missing
 */
export async function requireEarlier(
  trx: Database,
  { environment, spec, nowMs }: Place,
  target: KnownRelease,
): Promise<string> {
  const after: After = spec.policy.after ?? {};
  if (after === 'none') return 'Nothing must come first.';
  const { product, version } = target.release;
  const { stage, places } = await placesBefore(trx, environment, spec, product);
  if (places.length === 0) {
    if (after.stage === undefined) return 'There is no earlier stage with this product.';
    throw refused(
      spec,
      target,
      `${environment.tenant} has no environment of the stage ${stage} with ${product}`,
    );
  }
  const demandedMs = after.soak === undefined ? 0 : soakMs(after.soak);
  for (const row of places) {
    const place = await placeOf(trx, row, target, nowMs);
    const missing = missingAt(place, version, demandedMs, after.soak);
    if (missing !== null) throw refused(spec, target, missing);
    const unproven = await unprovenAt(trx, row, target, after);
    if (unproven !== null) throw refused(spec, target, unproven);
  }
  const soaked = after.soak === undefined ? '' : ` and stood there for ${after.soak}`;
  const tested = after.tests === undefined ? '' : ', and its tests passed';
  const calm = after.incidents === undefined ? '' : ', without incidents in the way';
  return `${version} succeeded in ${places.map(fullName).join(', ')}${soaked}${tested}${calm}.`;
}

/** All environments of the stage before that map the product: what is missing in one of them is missing. */
async function placesBefore(
  trx: Database,
  { tenant }: EnvironmentRow,
  { stage, policy: { after } }: EnvironmentSpec,
  product: string,
): Promise<{ readonly stage: string; readonly places: readonly EnvironmentRow[] }> {
  const order = await stagesOf(trx, tenant);
  const mapping = (await environmentsOf(trx, tenant)).filter(({ spec }) =>
    Object.hasOwn(spec.products, product),
  );
  const named = after === 'none' ? undefined : after?.stage;
  const candidates = named === undefined ? earlierStages(order, stage ?? '') : [named];
  for (const earlier of candidates) {
    const places = mapping.filter(({ spec }) => spec.stage === earlier).map(({ row }) => row);
    if (places.length > 0) return { stage: earlier, places };
  }
  return { stage: named ?? '', places: [] };
}

function refused({ name }: EnvironmentSpec, { release: { product, version } }: KnownRelease, why: string) {
  return new XylemError('E_STAGE_ORDER', `${product}@${version} does not come to ${name} yet: ${why}.`, {
    retry: 'later',
    details: { environment: name, product, version },
  });
}
