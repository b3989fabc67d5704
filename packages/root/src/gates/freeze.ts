import { heedsFreezes, timeOf, XylemError } from '@xylem/core';
import { fullName } from '../environments/names.ts';
import { freezeSentence, openFreeze } from '../freezes/rows.ts';
import type { Gate } from './gate.ts';

/** A person's word for the whole environment; who goes back at night is not held up by it, nor what is urgent and says why. */
export const freeze: Gate = {
  name: 'freeze',
  codes: ['E_ENVIRONMENT_FROZEN'],
  concerns: ({ kind }) => kind !== 'rollback',
  async look(trx, { environment, kind, urgent, why, nowMs }) {
    const name = fullName(environment);
    const row = await openFreeze(trx, environment.id, nowMs);
    if (row === undefined) return `Nobody froze ${name}.`;
    const frozen = freezeSentence(name, row);
    if (!heedsFreezes({ kind, urgent, ...(why === null ? {} : { why }) }))
      return `${frozen} It is urgent: ${why}`;
    const how = urgent ? ' What is urgent goes on all the same, if you say why: `--reason`.' : '';
    throw new XylemError('E_ENVIRONMENT_FROZEN', `${frozen}${how}`, {
      details: { until: row.until_ms === null ? null : timeOf(row.until_ms) },
    });
  },
};
