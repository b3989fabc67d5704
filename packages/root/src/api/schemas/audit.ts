import { type Static, Type } from 'typebox';
import { Count, EnvironmentName, Strict, Time } from './common.ts';

const Moment = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
  description: 'a time like 2026-11-21T03:28:06Z',
});

export const AuditQuery = Strict({
  after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'behind this sequence' })),
  limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$', description: 'a number up to 9999' })),
  who: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'a part of who did it' })),
  what: Type.Optional(
    Type.String({ pattern: '^[a-z0-9.-]{1,100}$', description: 'an operation, host.label, or all of host' }),
  ),
  on: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'what was changed: deployment/d-567073cb9f4b' }),
  ),
  environment: Type.Optional(EnvironmentName),
  since: Type.Optional(Moment),
  until: Type.Optional(Moment),
  order: Type.Optional(Type.Enum(['newest', 'oldest'])),
});

/** Entries and checkpoints are those of docs/spec/audit.md: hashed and signed as they stand. */
const AuditEntry = Strict({ entry: Type.Record(Type.String(), Type.Unknown()), hash: Type.String() });
const Envelope = Type.Record(Type.String(), Type.Unknown());
export const AuditEntries = Strict({
  entries: Type.Array(AuditEntry),
  checkpoints: Type.Array(Strict({ sequence: Count, envelope: Envelope }), {
    description: 'those among the entries; none where a filter leaves entries out',
  }),
});
export type AuditEntries = Static<typeof AuditEntries>;
export const AuditCheckpointed = Strict({
  sequence: Count,
  hash: Type.String(),
  time: Time,
  envelope: Envelope,
  key: Type.String({ description: 'b64u' }),
});
