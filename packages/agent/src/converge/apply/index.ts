import { XylemError } from '@xylem/core';
import type { DriverStepKind } from '../../drivers/driver.ts';
import type { StepKind } from '../points.ts';
import { adopt, disown } from './adopt.ts';
import { commit } from './commit.ts';
import type { Execute } from './executor.ts';
import { fetch } from './fetch.ts';
import { purge, remove } from './remove.ts';
import { reserve } from './reserve.ts';
import { retire } from './retire.ts';
import { revert } from './revert.ts';
import { stage } from './stage.ts';
import { switchCurrent } from './switch.ts';

/** The driver of the component's kind does these. */
function byDriver<K extends DriverStepKind>(kind: K): Execute<K> {
  return async (step, { component, kind: ofPlan, tools }) => {
    const own = ('of' in step ? step.of : undefined) ?? ofPlan;
    const act = tools.drivers[own].apply[kind];
    if (act === undefined) {
      throw new XylemError('E_INTERNAL', `Components of kind ${own} have no step ${kind}.`);
    }
    await act(step, component, tools);
  };
}

/** A kind of step without an executor does not compile. */
export const executors: { readonly [K in StepKind]: Execute<K> } = {
  reserve,
  fetch,
  stage,
  adopt,
  preflight: byDriver('preflight'),
  stop: byDriver('stop'),
  unapply: byDriver('unapply'),
  switch: switchCurrent,
  apply: byDriver('apply'),
  reboot: byDriver('reboot'),
  start: byDriver('start'),
  probe: byDriver('probe'),
  route: byDriver('route'),
  drain: byDriver('drain'),
  commit,
  retire,
  disown,
  revert,
  remove,
  purge,
};
