import type { FuzzTarget } from '@xylem/core/testing';
import { custodyFuzzTargets } from './fuzz-custody.ts';
import { operatorsFuzzTargets } from './fuzz-operators.ts';
import { trustFuzzTargets as otherFuzzTargets } from './fuzz-targets.ts';

/** All that this package parses. */
export async function trustFuzzTargets(): Promise<FuzzTarget[]> {
  return [...(await otherFuzzTargets()), ...(await custodyFuzzTargets()), ...(await operatorsFuzzTargets())];
}
