import { incidentsMissing, XylemError } from '@xylem/core';
import { fullName } from '../environments/names.ts';
import { openIncidents } from '../incidents/open.ts';
import type { Gate } from './gate.ts';
import { howToForce } from './override.ts';

/** Where something needs a person already, nothing new begins until they have looked at it. */
export const incidents: Gate = {
  name: 'incidents',
  codes: ['E_INCIDENT'],
  concerns: ({ target, isWayBack, spec }) =>
    target !== null && !isWayBack && spec.policy.incidents !== undefined,
  async look(trx, candidate) {
    const { environment, spec, product } = candidate;
    const demand = spec.policy.incidents ?? 'none';
    const name = fullName(environment);
    const open = await openIncidents(trx, environment.id);
    const missing = incidentsMissing(open, { product, demand, environment: name });
    if (missing === null)
      return `${name} has no incident that is ${demand === 'none' ? 'open' : 'not acknowledged'}.`;
    throw new XylemError(
      'E_INCIDENT',
      `Nothing new begins: ${missing}. ${howToForce(candidate, 'incidents')}`,
      {
        retry: 'later',
        details: { environment: name, incidents: open.slice(0, 20).map(({ id }) => id) },
      },
    );
  },
};
