import type { Operation } from '../../../api/contract.ts';
import { type Decision, list, ofEnvironment, thing } from '../decide.ts';
import type { Permission } from '../identities.ts';

const incident = (permission: Permission, body?: object) =>
  thing(permission, ({ live }) => ({
    params: { id: live.incident },
    ...(body === undefined ? {} : { body }),
  }));

/** What needs a person. */
export const ofIncidents = {
  incidentList: [list('read'), ofEnvironment('read')],
  incidentShow: [incident('read')],
  incidentAcknowledge: [incident('operate')],
  incidentAssign: [incident('operate', { to: 'ann' })],
  incidentNote: [incident('operate', { text: 'seen' })],
  incidentClose: [incident('operate', { reason: 'no' })],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
