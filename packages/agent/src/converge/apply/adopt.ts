import { XylemError } from '@xylem/core';
import { differencesOf, differencesText } from '../../adopt/differences.ts';
import type { Execute } from './executor.ts';

/** What was equal when the order was looked at may have changed since: it is compared again, then taken over. */
export const adopt: Execute<'adopt'> = async ({ target, source }, { component, tools }) => {
  const { adoption } = tools.drivers[target.kind];
  if (adoption === undefined) {
    throw new XylemError('E_INTERNAL', `Components of kind ${target.kind} have no step adopt.`);
  }
  const differences = differencesOf(await adoption.compare(target, source, tools));
  if (differences.count > 0) {
    const message = `${component} was not adopted. ${differencesText(differences)}`;
    throw new XylemError('E_ADOPT_DIFFERS', message, { details: { differences } });
  }
  await adoption.takeOver(target, source, tools);
};

/** Of every kind that can have it: what a first attempt of another one left goes too. */
export const disown: Execute<'disown'> = async (_step, { component, tools }) => {
  for (const { adoption } of Object.values(tools.drivers)) await adoption?.giveBack(component, tools);
};
