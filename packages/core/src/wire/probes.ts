import { array, boolean, integer, object, oneOf, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { name, time } from './fields.ts';

/** What hosts ask of addresses, and what came of it: docs/spec/direction.md, docs/spec/reports.md. */

export const mostProbes = 16;

const expectParts = {
  status: integer({ title: 'a status from 200 to 599', minimum: 200, maximum: 599 }),
  contains: string({ minLength: 1, maxLength: 1000 }),
  maxMillis: integer({ title: 'milliseconds from 1 to 30000', minimum: 1, maximum: 30_000 }),
} as const;
const certificateParts = {
  minimumDays: integer({ title: 'days from 1 to 3650', minimum: 1, maximum: 3650 }),
} as const;

/** What a probe says, for documents and for what people write. */
export const probeParts = {
  name,
  url: string({
    title: 'an address like "https://shop.example/health", without a name, password or fragment',
    pattern: '^https?://[^\\s#@\\\\]+$',
    maxLength: 500,
  }),
  where: string({ title: 'a selector like "role = web"', maxLength: 4096 }),
  here: boolean('true or false'),
  expect: expectParts,
  certificate: certificateParts,
  ca: string({
    title: 'certificates in PEM, from "-----BEGIN CERTIFICATE-----" on',
    pattern: '^(-----BEGIN CERTIFICATE-----\\n[A-Za-z0-9+/=\\n]+\\n-----END CERTIFICATE-----\\n*){1,16}$',
    maxLength: 65_536,
  }),
  everySeconds: integer({ title: 'seconds from 10 to 86400', minimum: 10, maximum: 86_400 }),
  timeoutSeconds: integer({ title: 'seconds from 1 to 30', minimum: 1, maximum: 30 }),
} as const;

/** Which definition of a probe is meant: the root server's short text, which a host says again and reads nothing in. */
const definition = string({
  title: 'a definition (16 hexadecimal digits)',
  pattern: '^[0-9a-f]{16}$',
});
const { url, where, here, ca, everySeconds, timeoutSeconds } = probeParts;

/** Of `policy` of a desired state. */
export const hostProbesSchema = array(
  object(
    { name, of: definition, url },
    {
      where,
      here,
      expect: object({}, expectParts),
      certificate: object(certificateParts),
      ca,
      everySeconds,
      timeoutSeconds,
    },
  ),
  { maxItems: mostProbes },
);
export type HostProbe = Static<typeof hostProbesSchema>[number];

/** Of a report. */
export const probeReportsSchema = array(
  object({
    name,
    of: definition,
    state: oneOf('pass', 'fail', 'unreached'),
    reason: string({ maxLength: 255 }),
    since: time,
    at: time,
  }),
  { maxItems: mostProbes },
);
export type ProbeReport = Static<typeof probeReportsSchema>[number];
