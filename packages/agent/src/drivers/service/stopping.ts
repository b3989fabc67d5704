import { stopTimeoutDefaultMs } from '@xylem/core';
import type { Step } from '../../converge/steps.ts';
import type { ObservedSlot, Running } from '../../slot/observed.ts';

/** Every service of the component that runs. Pure. */
export function allOf({ running }: ObservedSlot): readonly Running[] {
  return running === null ? [] : [running, ...(running.beside ?? [])];
}

/** Pure. */
export function stopOf(slot: ObservedSlot, { service }: Running): Step<'stop'> {
  const own = slot.record?.installed?.document.service?.stopTimeoutMs;
  const stopTimeoutMs = own ?? stopTimeoutDefaultMs;
  return { kind: 'stop', stopTimeoutMs, ...(service === undefined ? {} : { service }) };
}
