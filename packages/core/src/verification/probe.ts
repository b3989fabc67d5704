import { sha256 } from '../hashing.ts';
import { jcs } from '../jcs.ts';
import { array, closedObject, oneOf } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { mostProbes, probeParts } from '../wire/probes.ts';

const required = { name: probeParts.name, url: probeParts.url };
const asked = {
  expect: closedObject({}, probeParts.expect),
  certificate: closedObject(probeParts.certificate),
  ca: probeParts.ca,
  everySeconds: probeParts.everySeconds,
  timeoutSeconds: probeParts.timeoutSeconds,
};

/** A probe that the root server asks. */
export const rootProbeSchema = closedObject(required, asked);

/** `policy.verify`: what users would see, asked from outside (docs/verification.md). */
export const verifySchema = array(
  closedObject(required, {
    from: oneOf('root', 'hosts'),
    where: probeParts.where,
    here: probeParts.here,
    ...asked,
  }),
  { maxItems: mostProbes },
);

export type Probe = Static<typeof verifySchema>[number];

/** What of a probe's address its schema could not see, as a clause; null: nothing. Pure. */
export function addressFault({ url, certificate, ca }: Probe): string | null {
  if (URL.parse(url) === null) return 'expected an address';
  return url.startsWith('http:') && (certificate ?? ca) !== undefined
    ? 'expected https, since certificate or ca is given'
    : null;
}

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

/** What of a probe says how it is asked, wherever from. */
type Asked = Pick<Probe, 'expect' | 'certificate' | 'everySeconds' | 'timeoutSeconds'>;

export const timeoutMsOf = ({ timeoutSeconds = 10 }: Asked): number => timeoutSeconds * 1000;
const everyMsOf = ({ everySeconds = 60 }: Asked): number => everySeconds * 1000;

/** How soon one that does not pass, or belongs to a release that is looked after, is asked again at the latest. */
const closelyMs = 20_000;
const dayMs = 86_400_000;

/** What a probe asks and expects, as a short text that changes with it. */
export function definitionOf(probe: Probe): string {
  const { name: called, url, from = 'root', here = false, expect = {}, certificate = {}, ca = '' } = probe;
  const place = here ? { here } : {};
  return sha256(jcs({ called, url, from, expect, certificate, ca, ...place })).slice(0, 16);
}

/** The probes that the root server asks itself, or those that hosts do. */
export const probesFrom = (probes: readonly Probe[], place: 'root' | 'hosts'): Probe[] =>
  probes.filter(({ from = 'root' }) => from === place);

/** Pure: the same probe, sight and time give the same result. `before`: its last one. */
export function resultOf(
  probe: Probe,
  seen: ProbeSeen,
  nowMs: number,
  before: ProbeResult | null,
): ProbeResult {
  const of = definitionOf(probe);
  const judged = judgeProbe(probe, seen, nowMs);
  const goesOn =
    before !== null && before.of === of && before.state === judged.state && before.since <= nowMs;
  return { name: probe.name, of, ...judged, since: goesOn ? before.since : nowMs, at: nowMs };
}

/** When a probe is asked next; at once, when it never was. */
export function probeDue(probe: Probe, last: ProbeResult | null, isWatched: boolean): number {
  if (last === null || last.of !== definitionOf(probe)) return 0;
  return last.at + pauseMsOf(probe, isWatched || last.state !== 'pass');
}

export const pauseMsOf = (probe: Asked, isClose: boolean): number =>
  isClose ? Math.min(closelyMs, everyMsOf(probe)) : everyMsOf(probe);

/** A result that is so old says nothing of now. */
export function isStale(probe: Probe, { at }: ProbeResult, nowMs: number): boolean {
  return nowMs - at > 3 * everyMsOf(probe) + timeoutMsOf(probe);
}

/** Pure. */
export function judgeProbe(
  probe: Asked,
  seen: ProbeSeen,
  nowMs: number,
): Pick<ProbeResult, 'state' | 'reason'> {
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
  { expect: { status = 200, contains, maxMillis } = {}, certificate }: Asked,
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
