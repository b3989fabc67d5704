import { array, closedObject, either, literal, oneOf, string, titled } from '../schema/build.ts';
import { name } from '../wire/fields.ts';

/** What a release must have behind it before it comes to an environment; absent parts demand nothing. */
export interface AfterStage {
  /** Of the same tenant; absent: the nearest earlier one with an environment that maps the product. */
  readonly stage?: string;
  /** For how long it was the settled release there: `30m`, `24h`, `7d`. */
  readonly soak?: string;
  /** What open incidents there stop it; absent: none. */
  readonly incidents?: IncidentDemand;
  /** Test jobs that must have passed there. */
  readonly tests?: readonly TestDemand[];
}

/** No open incident at all, or none that nobody has acknowledged. */
export type IncidentDemand = 'none' | 'acknowledged';

export interface TestDemand {
  readonly component: string;
  readonly job: string;
}
export type After = AfterStage | 'none';

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const pattern = '^([1-9][0-9]{0,3})(m|h|d)$';

/** A time that people wait for: minutes, hours or days. */
export const soakSchema = string({ title: 'a time like "30m", "24h" or "7d"', pattern });

/** Milliseconds of a text that `soakSchema` takes. */
export function soakMs(text: string): number {
  const [, digits, unit] = new RegExp(pattern).exec(text) ?? [];
  return Number(digits) * units[unit as keyof typeof units];
}

export const incidentDemandSchema = titled(
  oneOf('none', 'acknowledged'),
  '"none" (no open incident), or "acknowledged" (none that nobody has acknowledged)',
);

export const afterStageSchema = closedObject(
  {},
  {
    stage: name,
    soak: soakSchema,
    incidents: incidentDemandSchema,
    tests: array(closedObject({ component: name, job: name }), { minItems: 1, maxItems: 32 }),
  },
);

export const afterSchema = titled(
  either(literal('none'), afterStageSchema),
  '"none", or what must come first: stage, soak, incidents, tests',
);
