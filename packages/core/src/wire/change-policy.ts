import { XylemError } from '../errors.ts';
import { array, boolean, integer, object, string } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import type { Assignment } from './desired-state.ts';
import { name } from './fields.ts';

/** When and how often hosts may begin to change something: docs/spec/windows.md. */

const localTime = string({
  title: 'a local time from 2000 to 2099 like "2026-01-05T01:00"',
  pattern: '^20\\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d$',
});
export const zone = string({
  title: 'a time zone of the IANA database like "Europe/Berlin"',
  pattern: '^[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}$',
});
const periodLength = string({
  title: 'a duration of RFC 5545 like "PT4H", "P2D" or "P1DT12H"',
  pattern: '^P(\\d{1,2}W|\\d{1,3}D(T(\\d{1,4}H(\\d{1,4}M)?|\\d{1,4}M))?|T(\\d{1,4}H(\\d{1,4}M)?|\\d{1,4}M))$',
});
const rule = string({
  title: 'a recurrence rule of RFC 5545 like "FREQ=WEEKLY;BYDAY=SU"',
  pattern: '^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*$',
  maxLength: 500,
});

export const periodParts = {
  required: { name, zone, start: localTime },
  optional: { duration: periodLength, end: localTime, rule, where: string({ maxLength: 4096 }) },
} as const;
export const quotaParts = {
  changes: integer({ title: 'a number from 1 to 1000', minimum: 1, maximum: 1000 }),
  hours: integer({ title: 'hours (1 to 720)', minimum: 1, maximum: 720 }),
} as const;
export const mostPeriods = 32;

const periods = array(object(periodParts.required, periodParts.optional), {
  minItems: 1,
  maxItems: mostPeriods,
});

/** Of `policy` of a desired state. */
export const changePolicyFields = {
  windows: periods,
  freezes: periods,
  urgentPassesFreezes: boolean(),
  quota: object(quotaParts),
} as const;

/** A stretch of time, once or again and again: with `duration`, or without a rule with `end`. */
export type Period = Static<typeof periods>[number];
/** At most so many changes of one component within so many hours. */
export interface Quota {
  readonly changes: number;
  readonly hours: number;
}
/** What a host enforces about the moment of a change; all absent: any moment will do. */
export interface ChangePolicy {
  readonly windows?: readonly Period[];
  readonly freezes?: readonly Period[];
  /** Absent: what is urgent passes windows and quota, and no freeze. */
  readonly urgentPassesFreezes?: boolean;
  readonly quota?: Quota;
}

type Said = {
  readonly policy: ChangePolicy;
  readonly assignments: readonly Pick<Assignment, 'component'>[];
  readonly through?: object;
};

/** What a reader must know of, or it would change things when it must not. */
const needs: Readonly<Record<string, (said: Said) => boolean>> = {
  quotas: ({ policy }) => policy.quota !== undefined,
  transitions: ({ through }) => through !== undefined,
  windows: ({ policy }) => policy.windows !== undefined || policy.freezes !== undefined,
};

const neededBy = (said: Said): string[] =>
  Object.entries(needs).flatMap(([known, isNeeded]) => (isNeeded(said) ? [known] : []));

/** The format of a desired state that says this. Pure. */
export function directionFormat(
  said: Said,
):
  | { readonly format: 'xylem-desired-state-1' }
  | { readonly format: 'xylem-desired-state-2'; readonly needs: readonly string[] } {
  const needed = neededBy(said);
  return needed.length === 0
    ? { format: 'xylem-desired-state-1' }
    : { format: 'xylem-desired-state-2', needs: needed };
}

/** @throws XylemError E_FORMAT_UNSUPPORTED for direction that needs what this program does not know */
export function refuseUnknownDirectionNeeds(value: unknown): void {
  const said: unknown = Reflect.get(value as object, 'needs');
  if (!Array.isArray(said)) return;
  const unknown = (said as unknown[]).filter((one) => typeof one !== 'string' || !Object.hasOwn(needs, one));
  if (unknown.length === 0) return;
  const named = unknown.map((one) => JSON.stringify(one)?.slice(0, 100)).slice(0, 10);
  throw new XylemError(
    'E_FORMAT_UNSUPPORTED',
    `The desired state needs ${named.join(', ')}, which this program does not know.`,
  );
}

/** What is wrong with what a desired state says of itself, or undefined. */
export function directionNeedsFault(
  document: Said & { readonly format: string; readonly needs?: readonly string[] },
): string | undefined {
  if ((document.format === 'xylem-desired-state-2') !== (document.needs !== undefined))
    return 'needs: expected with the format "xylem-desired-state-2" and with no other';
  const missing = neededBy(document).find((one) => document.needs?.includes(one) !== true);
  if (missing !== undefined) return `needs: expected with "${missing}" among them`;
  for (const period of [...(document.policy.windows ?? []), ...(document.policy.freezes ?? [])]) {
    const fault = shapeFault(period);
    if (fault !== undefined) return `policy: ${period.name}: ${fault}`;
  }
  return undefined;
}

/** What the schema can't say of a period. Pure. */
export function shapeFault({ duration, end, rule: again, start }: Period): string | undefined {
  if ((duration === undefined) === (end === undefined)) return 'expected exactly one of duration and end';
  if (end !== undefined && again !== undefined) return 'expected duration, not end, beside a rule';
  if (end !== undefined && end <= start) return 'expected an end after the start';
  return undefined;
}
