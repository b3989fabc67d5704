import { XylemError } from '@xylem/core';
import type { Who } from '../../auth/api-tokens.ts';
import { allEnvironments, environmentsMatching, fullName } from '../../environments/names.ts';
import { acknowledge, assign, close, note } from '../../incidents/act.ts';
import { type IncidentRow, incidentNamed, incidentRows, noIncident } from '../../incidents/rows.ts';
import { showIncident, showIncidents } from '../../incidents/show.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { incidentRoutes } from '../routes/incidents.ts';

const usual = 50;

export function incidentHandlers(root: Root): Pick<Handlers, keyof typeof incidentRoutes> {
  const { db } = root;
  /** One of an environment that is not there for whoever asks is not there either. */
  const ours = async (
    id: string,
    { name, access }: Who,
    permission: 'read' | 'operate',
  ): Promise<IncidentRow> => {
    const row = await incidentNamed(db, id);
    if (row.environment === '') {
      if (!access.everywhere('read')) throw noIncident(id);
      if (access.everywhere(permission)) return row;
      throw new XylemError('E_FORBIDDEN', `${name} may not ${permission} the whole installation.`);
    }
    const environment = (await allEnvironments(db)).find((one) => one.id === row.environment);
    if (environment === undefined || !access.in('read', environment)) throw noIncident(id);
    if (access.in(permission, environment)) return row;
    throw new XylemError('E_FORBIDDEN', `${name} may not ${permission} in ${fullName(environment)}.`);
  };
  const acted = async (
    { params, who }: { readonly params: { readonly id: string }; readonly who: Who },
    work: (by: string, id: string) => Promise<void>,
  ) => {
    const { id } = await ours(params.id, who, 'operate');
    await work(who.name, id);
    return await showIncident(db, await incidentNamed(db, id));
  };
  return {
    incidentList: async ({ query, who }) => {
      const { environment, state, kind, product } = query;
      const patterns = environment === undefined ? undefined : [environment];
      const rows = await environmentsMatching(db, patterns, root.config.tenant, who.access.within('read'));
      const ids = rows.map(({ id }) => id);
      if (environment === undefined && who.access.everywhere('read')) ids.push('');
      const found = await incidentRows(db, {
        environments: ids,
        limit: Number(query.limit ?? usual),
        ...(state === undefined ? {} : { state }),
        ...(kind === undefined ? {} : { kind }),
        ...(product === undefined ? {} : { product }),
      });
      return { incidents: await showIncidents(db, found) };
    },
    incidentShow: async ({ params, who }) => await showIncident(db, await ours(params.id, who, 'read')),
    incidentAcknowledge: (call) => acted(call, (by, id) => acknowledge(root, by, id)),
    incidentAssign: (call) => acted(call, (by, id) => assign(root, by, id, call.body.to)),
    incidentNote: (call) => acted(call, (by, id) => note(root, by, id, call.body.text)),
    incidentClose: (call) => acted(call, (by, id) => close(root, by, id, call.body.reason)),
  };
}
