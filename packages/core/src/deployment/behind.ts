import { platformText } from '../direction/variant.ts';
import { errorCodes } from '../error-codes/index.ts';
import { isErrorCode } from '../errors.ts';
import { timeOf } from '../time.ts';
import type { Way } from '../transitions/path.ts';
import type { Version } from '../versions.ts';
import type { Report } from '../wire/report.ts';
import type { AdvancePolicy, Deployment, HostEvidence } from './deployment.ts';
import { type Laggard, type LaggardReason, laggardOf } from './laggards.ts';
import { platformOf } from './unfit.ts';

/** What is known of one host of a deployment, beside its evidence. */
export interface KnownOfHost {
  readonly evidence: HostEvidence;
  /** Of its newest report. */
  readonly waiting: Report['waiting'];
  /** Who skipped it, when and why: a sentence; null: nobody. */
  readonly skipped: string | null;
  /** Why no way leads to the release; null: one does. */
  readonly shut: { readonly code: 'E_DEAD_END' | 'E_DOWNGRADE'; readonly message: string } | null;
  /** Who pinned components that it would be given, when and why: by component, a sentence. */
  readonly pinned: Readonly<Record<string, string>>;
  /** Components without a variant for it. */
  readonly unfit: readonly string[];
  /** What it said of itself; undefined: nothing yet. */
  readonly facts: Report['facts'] | undefined;
  /** Components that it only observes. */
  readonly observed: readonly string[];
  /** Null: its publisher says nothing of ways. */
  readonly way: WayOfHost | null;
}

/** Where a host stands on its way through waypoints. */
export interface WayOfHost {
  /** The lowest release that its components were committed with; null: nothing of the product is there. */
  readonly installed: Version | null;
  readonly isWaypoint: boolean;
  /** When it came there, milliseconds since 1970. */
  readonly since: number;
  readonly way: Way;
}

/**
 * Why a host is not where a deployment wants it, also where the deployment does not come to it; null: it is there, or it
 * is none of the deployment's. What it says itself comes first, then what keeps it or a component of it out. Pure.
 * @param now milliseconds since 1970
 */
export function behindOf(
  deployment: Deployment,
  host: KnownOfHost,
  now: number,
  policy: AdvancePolicy,
): Laggard | null {
  const { evidence, waiting, skipped } = host;
  if (skipped !== null) return { reason: 'skipped', message: skipped };
  const own = laggardOf(deployment, evidence, waiting, now, policy);
  if (own !== null && !isInTurn(own)) return own;
  return keptOut(deployment, host) ?? (own?.reason === 'under way' ? onItsWay(host) : null) ?? own;
}

/** Whether it only waits for its turn, or is at it: nobody has to do anything. */
export const isInTurn = ({ reason }: Pick<Laggard, 'reason'>): boolean =>
  reason === 'turn' || reason === 'under way';

function keptOut(deployment: Deployment, host: KnownOfHost): Laggard | null {
  const { shut, pinned, unfit, facts, observed, evidence } = host;
  if (shut !== null) return { reason: shut.code, message: shut.message };
  const missing = (name: string) => !hasCome(deployment, evidence, name);
  const [pin] = Object.entries(pinned).filter(([name]) => missing(name));
  if (pin !== undefined) return { reason: 'pinned', message: `${pin[0]} is pinned ${pin[1]}` };
  if (unfit.length > 0) {
    const platform = platformOf(facts);
    const where = platform === null ? 'it' : platformText(platform);
    return { reason: 'E_FACTS_UNSUPPORTED', message: `${unfit.join(', ')}: no variant for ${where}.` };
  }
  const left = observed.filter(missing);
  if (left.length === 0) return null;
  return { reason: 'E_OBSERVING', message: `It observes, and has not adopted ${left.join(', ')}.` };
}

function hasCome({ components }: Deployment, { reported }: HostEvidence, name: string): boolean {
  const found = reported.find(({ component }) => component === name)?.package ?? null;
  return found === (components[name]?.to ?? null);
}

function onItsWay({ way: known, evidence: { admittedAt } }: KnownOfHost): Laggard | null {
  if (known === null || known.way.kind !== 'steps') return null;
  const { installed, isWaypoint, since, way } = known;
  const ahead = way.steps.slice(0, -1);
  const at = `It is at ${installed ?? 'nothing'} since ${timeOf(Math.max(since, admittedAt ?? 0))}`;
  if (ahead.length > 0)
    return { reason: 'waypoint', message: `${at}, on its way through ${ahead.join(', ')}.` };
  const hasPassed = isWaypoint && since > (admittedAt ?? 0);
  return hasPassed
    ? { reason: 'waypoint', message: `${at}, a waypoint; ${way.steps.at(-1) ?? 'it'} is next.` }
    : null;
}

const look = 'Look what holds it up: `xylem host why HOST`.';
const advice: Readonly<Record<Exclude<LaggardReason, `E_${string}`>, string>> = {
  turn: 'Nothing to do: it begins when there is room for it.',
  'under way': 'Nothing to do: it is at it.',
  waypoint: `It goes on by itself. \`xylem product graph PRODUCT\` shows the waypoints. Where it stays for long: ${look}`,
  skipped: 'Take it in again: `xylem deployment unskip ID HOST --reason …`.',
  pinned: 'Lift the pin: `xylem host unpin HOST`.',
  unseen: `It follows when it is seen again. See that the machine runs and reaches a parent. ${look}`,
  silent: `See that the machine runs and reaches a parent. ${look} To go on without it: \`xylem deployment skip ID HOST --reason …\`.`,
  unhealthy: `${look} To go on without it: \`xylem deployment skip ID HOST --reason …\`; to go back: \`xylem rollback\`.`,
};

/** What a person does about a reason; codes may come from a newer agent, which knows more of them. */
export function adviceFor(reason: LaggardReason): string {
  if (Object.hasOwn(advice, reason)) return advice[reason as keyof typeof advice];
  return isErrorCode(reason) ? errorCodes[reason].advice : look;
}
