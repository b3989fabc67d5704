import { errorCodes } from '../error-codes/index.ts';
import { isErrorCode } from '../errors.ts';
import { timeMs } from '../time.ts';
import type { Report } from '../wire/index.ts';

/** What needs a person (docs/spec/incidents.md). */
export const incidentKinds = [
  'host-failed',
  'host-held',
  'host-silent',
  'host-cloned',
  'drift',
  'deployment-failed',
  'deployment-asks',
  'plan-failed',
  'plan-asks',
  'expiring',
] as const;
export type IncidentKind = (typeof incidentKinds)[number];

/** One piece of evidence about one subject. Signs of one key have one cause, and belong to one incident. */
export interface Sign {
  /** The kind and what tells causes of that kind apart: `host-failed/shop/shop-web/<package>`. */
  readonly key: string;
  /** When it began, by whoever saw it first; milliseconds since 1970. */
  readonly sinceMs: number;
  /** What was seen at this subject. */
  readonly message: string;
}

/** What holds up a host and passes neither by itself nor by direction. Other codes wait for what is planned. */
const holding: ReadonlySet<string> = new Set([
  'E_ADOPT_DIFFERS',
  'E_AGENT_UPDATE',
  'E_BELOW_FLOOR',
  'E_CLOCK',
  'E_DISK_FULL',
  'E_FACTS_UNSUPPORTED',
  'E_FILE_DENIED',
  'E_HOOK_FAILED',
  'E_METADATA_EXPIRED',
  'E_METADATA_INVALID',
  'E_METADATA_ROLLBACK',
  'E_METADATA_SIGNATURE',
  'E_MIGRATION_FAILED',
  'E_NOT_VOUCHED',
  'E_PACKAGE_FAILED',
  'E_PERMISSION',
  'E_PODMAN',
  'E_ROUTER',
  'E_SECRET_INVALID',
  'E_STATE_DAMAGED',
  'E_STORAGE',
  'E_TRUST',
]);

/** A host's own clock is believed about the past so far; beyond that it is thought wrong. */
const believedMs = 30 * 24 * 3_600_000;

/** When something began by a host's word: never after now, and not before a host's clock can be believed. */
function begunMs(text: string, nowMs: number): number {
  const saidMs = timeMs(text as Report['time']);
  return Math.min(nowMs, saidMs < nowMs - believedMs ? nowMs : saidMs);
}

/** What a report says that needs a person. Pure; at most one sign of each key. */
export function signsOf(report: Report, nowMs: number): Sign[] {
  const signs = new Map<string, Sign>();
  const say = (key: string, since: string, message: string): void => {
    if (!signs.has(key)) signs.set(key, { key, sinceMs: begunMs(since, nowMs), message });
  };
  for (const { component, product, version, state, healthy, refused, since, ...one } of report.components) {
    const failed = (digest: string): string => `host-failed/${product}/${component}/${digest}`;
    if (refused !== undefined) {
      const isItself = refused.package === one.package && state === 'failed';
      say(failed(refused.package), isItself ? since : report.time, `${refused.message} (${refused.code})`);
    }
    if (refused?.package !== one.package && (state === 'failed' || healthy === false)) {
      say(
        failed(one.package),
        since,
        `${component} ${version} ${state === 'failed' ? 'failed' : 'is unhealthy'}.`,
      );
    }
  }
  for (const { component, code, message, since } of report.waiting) {
    if (code === 'E_DRIFT') say(`drift/${component ?? ''}`, since, message);
    else if (holding.has(code)) say(`host-held/${code}`, since, `${message} (${code})`);
  }
  return [...signs.values()];
}

/** Without a version: what takes the product away. */
const nameOf = (product: string, version: string): string =>
  version === '' ? product : `${product}@${version}`;

/** A person's word for the cause. */
export function causeOf(key: string): {
  readonly kind: IncidentKind;
  /** Null: the cause lies in no one product. */
  readonly product: string | null;
  /** A package's digest; its version makes a better title. */
  readonly package: string | null;
  title(version: string | null): string;
} {
  const [kind, first = '', second = '', third = ''] = key.split('/');
  const named = { kind: kind as IncidentKind, product: null, package: null };
  switch (named.kind) {
    case 'host-failed':
      return {
        ...named,
        product: first,
        package: third,
        title: (version) => `${second} ${version ?? `of package ${third.slice(0, 12)}`} fails on hosts.`,
      };
    case 'host-held':
      return {
        ...named,
        title: () => `Hosts are held up: ${isErrorCode(first) ? errorCodes[first].meaning : first}`,
      };
    case 'host-silent':
      return { ...named, title: () => 'Hosts fell silent.' };
    case 'host-cloned':
      return { ...named, title: () => 'Two machines have the key of one host.' };
    case 'drift':
      return {
        ...named,
        title: () => `${first === '' ? 'Something' : first} was changed on hosts by something else.`,
      };
    case 'deployment-failed':
      return {
        ...named,
        product: first,
        title: () => `The deployment of ${nameOf(first, second)} failed.`,
      };
    case 'deployment-asks':
      return {
        ...named,
        product: first,
        title: () =>
          `The deployment of ${nameOf(first, second)} asks whether to go on, and nobody has answered.`,
      };
    case 'plan-failed':
      return { ...named, product: first, title: () => `The plan ${second} for ${first} stopped: it failed.` };
    case 'plan-asks':
      return {
        ...named,
        product: first,
        title: () => `The plan ${second} for ${first} asks whether to go on, and nobody has answered.`,
      };
    case 'expiring':
      return { ...named, title: () => `Signed metadata ends soon: ${first}. People must sign it anew.` };
  }
}
