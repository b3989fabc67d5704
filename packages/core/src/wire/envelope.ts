import { array, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { base64 } from './fields.ts';

/** A DSSE envelope as it travels; `trust` signs and opens it. */
export const envelopeSchema = object({
  payloadType: string({ minLength: 1, maxLength: 255 }),
  payload: base64,
  signatures: array(object({ sig: base64 }, { keyid: string({ maxLength: 255 }) }), {
    minItems: 1,
    maxItems: 16,
  }),
});

export type Envelope = Static<typeof envelopeSchema>;
