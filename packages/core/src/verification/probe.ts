import { sha256 } from '../hashing.ts';
import { jcs } from '../jcs.ts';
import { array, closedObject, integer, literal, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { name } from '../wire/fields.ts';

/** `policy.verify`: what users would see, asked from outside (docs/verification.md). */
export const verifySchema = array(
  closedObject(
    {
      name,
      url: string({
        title: 'an address like "https://shop.example/health", without a name, password or fragment',
        pattern: '^https?://[^\\s#@\\\\]+$',
        maxLength: 500,
      }),
    },
    {
      from: literal('root'),
      expect: closedObject(
        {},
        {
          status: integer({ title: 'a status from 200 to 599', minimum: 200, maximum: 599 }),
          contains: string({ minLength: 1, maxLength: 1000 }),
          maxMillis: integer({ title: 'milliseconds from 1 to 30000', minimum: 1, maximum: 30_000 }),
        },
      ),
      certificate: closedObject({
        minimumDays: integer({ title: 'days from 1 to 3650', minimum: 1, maximum: 3650 }),
      }),
      ca: string({
        title: 'certificates in PEM, from "-----BEGIN CERTIFICATE-----" on',
        pattern: '^(-----BEGIN CERTIFICATE-----\\n[A-Za-z0-9+/=\\n]+\\n-----END CERTIFICATE-----\\n*){1,16}$',
        maxLength: 65_536,
      }),
      everySeconds: integer({ title: 'seconds from 10 to 86400', minimum: 10, maximum: 86_400 }),
      timeoutSeconds: integer({ title: 'seconds from 1 to 30', minimum: 1, maximum: 30 }),
    },
  ),
  { maxItems: 16 },
);

export type Probe = Static<typeof verifySchema>[number];

/** What came of asking once. `unreached`: no connection at all, which the asker's own network may be the cause of. */
export type ProbeSeen =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly millis: number;
      /** Whether the wanted text was there; null: none is wanted. */
      readonly found: boolean | null;
      /** When the shown certificate ends, in milliseconds since 1970; null: none was shown. */
      readonly certificateUntil: number | null;
    }
  | { readonly kind: 'failed' | 'unreached'; readonly why: string };

export type ProbeState = 'pass' | 'fail' | 'unreached';

/** The last result of a probe. Times: milliseconds since 1970. */
export interface ProbeResult {
  readonly name: string;
  /** Of which definition: the same name with another address is another probe. */
  readonly of: string;
  readonly state: ProbeState;
  /** What it saw, a few words. */
  readonly reason: string;
  /** The first time without another state since. */
  readonly since: number;
  readonly at: number;
}

export const timeoutMsOf = ({ timeoutSeconds = 10 }: Probe): number => timeoutSeconds * 1000;
const everyMsOf = ({ everySeconds = 60 }: Probe): number => everySeconds * 1000;

/** How soon one that does not pass, or belongs to a release that is looked after, is asked again at the latest. */
const closelyMs = 20_000;
const dayMs = 86_400_000;

/** What a probe asks and expects, as a short text that changes with it. */
export function definitionOf(probe: Probe): string {
  const { name: called, url, from = 'root', expect = {}, certificate = {}, ca = '' } = probe;
  return sha256(jcs({ called, url, from, expect, certificate, ca })).slice(0, 16);
}

/** Pure: the same probe, sight and time give the same result. `before`: its last one. */
export function resultOf(
  probe: Probe,
  seen: ProbeSeen,
  nowMs: number,
  before: ProbeResult | null,
): ProbeResult {
  const of = definitionOf(probe);
  const judged = judgedOf(probe, seen, nowMs);
  const goesOn =
    before !== null && before.of === of && before.state === judged.state && before.since <= nowMs;
  return { name: probe.name, of, ...judged, since: goesOn ? before.since : nowMs, at: nowMs };
}

/** When a probe is asked next; at once, when it never was. */
export function probeDue(probe: Probe, last: ProbeResult | null, isWatched: boolean): number {
  if (last === null || last.of !== definitionOf(probe)) return 0;
  const isClose = isWatched || last.state !== 'pass';
  return last.at + (isClose ? Math.min(closelyMs, everyMsOf(probe)) : everyMsOf(probe));
}

/** A result that is so old says nothing of now. */
export function isStale(probe: Probe, { at }: ProbeResult, nowMs: number): boolean {
  return nowMs - at > 3 * everyMsOf(probe) + timeoutMsOf(probe);
}

function judgedOf(probe: Probe, seen: ProbeSeen, nowMs: number): Pick<ProbeResult, 'state' | 'reason'> {
  if (seen.kind !== 'answered')
    return { state: seen.kind === 'failed' ? 'fail' : 'unreached', reason: seen.why };
  const fault = faultOf(probe, seen, nowMs);
  if (fault !== null) return { state: 'fail', reason: fault };
  const { status, millis, certificateUntil } = seen;
  const days = certificateUntil === null ? '' : `, certificate for ${daysOf(certificateUntil, nowMs)} days`;
  return { state: 'pass', reason: `status ${status} in ${millis} ms${days}` };
}

const daysOf = (untilMs: number, nowMs: number): number => Math.floor((untilMs - nowMs) / dayMs);

function faultOf(
  { expect: { status = 200, contains, maxMillis } = {}, certificate }: Probe,
  seen: Extract<ProbeSeen, { kind: 'answered' }>,
  nowMs: number,
): string | null {
  if (seen.status !== status) return `status ${seen.status} instead of ${status}`;
  if (contains !== undefined && seen.found !== true)
    return `status ${status}, without the text that is expected`;
  if (maxMillis !== undefined && seen.millis > maxMillis)
    return `${seen.millis} ms, and at most ${maxMillis} are expected`;
  if (certificate === undefined) return null;
  if (seen.certificateUntil === null) return 'no certificate was shown';
  const days = daysOf(seen.certificateUntil, nowMs);
  return days < certificate.minimumDays
    ? `the certificate ends in ${days} days, and at least ${certificate.minimumDays} are expected`
    : null;
}
