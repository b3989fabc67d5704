import { array, integer, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import * as f from './fields.ts';

/** docs/spec/reparenting.md. */
const reparentOrder = string({ title: 'an order (32 hexadecimal digits)', pattern: '^[0-9a-f]{32}$' });

/** In the host map: it tests `parents` before it leaves these. */
export const reparentOrderSchema = object({ order: reparentOrder, from: array(f.url, { maxItems: 100 }) });

/** In a report: how often the new parents were tested, and why the first did not pass; no code: one passed. */
export const reparentedSchema = object(
  { order: reparentOrder, tried: integer() },
  { code: f.errorCodeText, message: f.message },
);

export type Reparented = Static<typeof reparentedSchema>;
