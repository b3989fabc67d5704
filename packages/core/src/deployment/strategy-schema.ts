import { array, closedObject, either, integer, literal, oneOf, string, titled } from '../schema/build.ts';
import type { Schema } from '../schema/json-schema.ts';

export const hostCountSchema = titled(
  either(
    integer({ minimum: 1, maximum: 1_000_000 }),
    string<`${number}%`>({ pattern: '^([1-9][0-9]?|100)%$' }),
  ),
  'a number of hosts or a share like "10%"',
);

const maxFailed = titled(
  either(
    integer({ minimum: 0, maximum: 1_000_000 }),
    string<`${number}%`>({ pattern: '^([1-9][0-9]?|100)%$' }),
  ),
  'a number of hosts, also 0, or a share like "10%"',
);
const limits = {
  maxUnavailable: hostCountSchema,
  maxUnavailableInAll: hostCountSchema,
  maxFailed,
  per: string({ title: 'a label, such as site', minLength: 1, maxLength: 127 }),
};
export const probabilitySchema: Schema<number> = {
  title: 'a probability from 0.0001 to 0.5',
  type: 'number',
  minimum: 0.0001,
  maximum: 0.5,
};
const judging = {
  bakeSeconds: integer({ title: 'seconds from 0 to 2592000', minimum: 0, maximum: 2_592_000 }),
  minimumExposure: integer({ minimum: 1, maximum: 1_000_000 }),
  alpha: probabilitySchema,
  onFail: oneOf('rollback', 'stop'),
  onNoData: oneOf('ask', 'wait'),
};
/** What people write of a strategy, in an environment's YAML and in plans; the rest is filled in when it begins. */
export const strategySchema = either(
  closedObject({ kind: literal('all-at-once') }, judging),
  closedObject({ kind: literal('rolling') }, { ...limits, ...judging }),
  closedObject(
    { kind: literal('canary') },
    { ...limits, ...judging, steps: array(hostCountSchema, { minItems: 1, maxItems: 8 }) },
  ),
  closedObject(
    { kind: literal('blue-green') },
    {
      maxUnavailable: hostCountSchema,
      maxFailed,
      ...judging,
      keepSeconds: integer({ title: 'seconds from 0 to 2592000', minimum: 0, maximum: 2_592_000 }),
      switchSeconds: integer({ title: 'seconds from 10 to 86400', minimum: 10, maximum: 86_400 }),
    },
  ),
);

/** `policy.watch`: what follows once an update has succeeded. */
export const watchSchema = closedObject(
  { seconds: integer({ title: 'seconds from 60 to 2592000', minimum: 60, maximum: 2_592_000 }) },
  { maxFailed, onFail: oneOf('report', 'rollback') },
);
