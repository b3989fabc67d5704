import {
  type HeardHost,
  type HostStep,
  isReparentingOver,
  namesParent,
  type ReparentedHost,
  type Reparenting,
  type ReparentingStep,
  sameParent,
} from './record.ts';

export const reparentingLimits = {
  /** Between two looks no more is counted. */
  mostStepMs: 30_000,
  /** A host that has not come so long after its batch began has failed. */
  batchMs: 600_000,
  /** What is reported may pass: the parent has to fetch what it did not have. */
  faultMs: 120_000,
  firstBatch: 5,
  /** Of all hosts: what may fail, and the largest batch. */
  shareFailed: 0.1,
  shareOfBatch: 0.25,
  childrenOfRelay: 1_000,
} as const;

export const mostFailedOf = (hosts: number): number => Math.floor(hosts * reparentingLimits.shareFailed);

export interface ReparentingNow {
  readonly reparenting: Reparenting;
  readonly hosts: readonly ReparentedHost[];
  readonly heard: ReadonlyMap<string, HeardHost>;
  /** How many more children these parents take; absent: nothing is known of it, and nothing counted. */
  readonly room: ReadonlyMap<string, number>;
  /** By the clock, since the last look. */
  readonly sinceMs: number;
}

const unknown: HeardHost = { parent: null, reparent: null, silent: true, gone: true };

/** Goes on with a reparenting by what is known now. The same gives the same; asked again after its own step, nothing. */
export function advanceReparenting(now: ReparentingNow): ReparentingStep {
  const stepMs = Math.min(Math.max(0, now.sinceMs), reparentingLimits.mostStepMs);
  const reparenting = { ...now.reparenting, waitedMs: now.reparenting.waitedMs + stepMs };
  const hosts = now.hosts.map((host) => settled(host, now.heard.get(host.host) ?? unknown, reparenting));
  const next = goOn({ ...now, reparenting, hosts });
  return { ...next, hosts: next.hosts.filter((host, at) => isOther(host, now.hosts[at])) };
}

/** A host by what it said, or did not say for too long. */
function settled(host: ReparentedHost, heard: HeardHost, reparenting: Reparenting): ReparentedHost {
  const { state, parents, from } = host;
  if (state !== 'trying' && state !== 'unheard' && state !== 'returning' && state !== 'waiting') return host;
  if (heard.gone) return { ...host, state: 'gone', fault: null };
  if (state === 'waiting') return host;
  if (state === 'returning') {
    const isBack =
      from.length > 0
        ? namesParent(from, heard.parent)
        : heard.parent !== null && !namesParent(parents.slice(0, 1), heard.parent);
    return isBack ? { ...host, state: 'returned' } : host;
  }
  const { waitedMs, order } = reparenting;
  const { reparent } = heard;
  // By which parents it joined only the host knows: there its word counts that the first of them passed.
  const isThere =
    parents.length > 0
      ? namesParent(parents.slice(0, 1), heard.parent)
      : reparent?.order === order && reparent.code === undefined;
  if (isThere) return { ...host, state: 'moved', fault: null };
  if (state === 'unheard') return host;
  if (reparent?.order === order && reparent.code !== undefined) {
    const fault = { code: reparent.code, message: reparent.message ?? '' };
    return { ...host, fault, state: waitedMs >= reparentingLimits.faultMs ? 'failed' : 'trying' };
  }
  if (waitedMs < reparentingLimits.batchMs) return host;
  const message = 'It did not report its new parent as its own in time.';
  return { ...host, state: 'failed', fault: { code: 'E_TIMEOUT', message } };
}

type Settled = ReparentingNow & { readonly hosts: readonly ReparentedHost[] };
type Next = Omit<ReparentingStep, 'hosts'> & { readonly hosts: readonly ReparentedHost[] };

function goOn({ reparenting, hosts, heard, room }: Settled): Next {
  const stays = { reparenting, hosts, note: null };
  if (isReparentingOver(reparenting)) return stays;
  if (reparenting.state === 'returning') {
    const isOver =
      reparenting.waitedMs >= reparentingLimits.batchMs || !hosts.some(({ state }) => state === 'returning');
    if (!isOver) return stays;
    return { ...stays, reparenting: { ...reparenting, state: reparenting.endsAs ?? 'failed' } };
  }
  if (reparenting.state === 'paused') return stays;
  const failed = hosts.filter(({ state }) => state === 'failed');
  if (failed.length > reparenting.mostFailed || failed.some(({ rank }) => rank === 0 && isLed(hosts)))
    return goBack({ reparenting, hosts }, 'failed');
  if (hosts.some(({ state }) => state === 'trying')) return stays;
  if (!hosts.some(({ state }) => state === 'waiting'))
    return { ...stays, reparenting: { ...reparenting, state: 'done' } };
  return begin(reparenting, hosts, heard, room);
}

/** Whether some go before all others. */
const isLed = (hosts: readonly ReparentedHost[]): boolean => hosts.some(({ rank }) => rank > 0);

/** All that have the new parents get their former ones; asked for by a person, or after too many failures. */
export function goBack(
  { reparenting, hosts }: Pick<ReparentingNow, 'reparenting' | 'hosts'>,
  endsAs: 'failed' | 'cancelled',
): Next {
  return {
    reparenting: { ...reparenting, state: 'returning', endsAs, waitedMs: 0 },
    hosts: hosts.map((host) =>
      host.state === 'trying' || host.state === 'moved' || host.state === 'unheard'
        ? { ...host, state: 'returning', fault: null }
        : host,
    ),
    note: null,
  };
}

/** The next batch: of the lowest rank, silent hosts last, as far as their parents have room. */
function begin(
  reparenting: Reparenting,
  hosts: readonly ReparentedHost[],
  heard: ReadonlyMap<string, HeardHost>,
  room: ReadonlyMap<string, number>,
): Next {
  const waiting = hosts.filter(({ state }) => state === 'waiting');
  const rank = Math.min(...waiting.map((host) => host.rank));
  const due = waiting.filter((host) => host.rank === rank);
  const speaking = due.filter(({ host }) => heard.get(host)?.silent === false);
  const isLast = speaking.length === 0;
  const left = new Map(room);
  const most = isLast ? due.length : batchSize(reparenting, hosts.length);
  const chosen = new Set<string>();
  for (const { host, parents } of isLast ? due : speaking) {
    if (chosen.size >= most) break;
    const first = sameParent(parents[0] ?? '');
    const free = left.get(first);
    if (free !== undefined && free <= 0) continue;
    if (free !== undefined) left.set(first, free - 1);
    chosen.add(host);
  }
  if (chosen.size === 0) {
    const full = [...new Set(due.map(({ parents }) => sameParent(parents[0] ?? '')))].sort();
    return { reparenting, hosts, note: `${full.join(', ')}: no room for more children now.` };
  }
  const batch = reparenting.batch + 1;
  return {
    reparenting: { ...reparenting, batch, waitedMs: 0 },
    hosts: hosts.map((host) =>
      chosen.has(host.host) ? { ...host, batch, state: isLast ? 'unheard' : 'trying', fault: null } : host,
    ),
    note: null,
  };
}

/** Small first: what is wrong with the new parent shows on few. */
function batchSize({ batch, firstBatch }: Reparenting, hosts: number): number {
  const most = Math.max(firstBatch, Math.ceil(hosts * reparentingLimits.shareOfBatch));
  return Math.min(most, firstBatch * 2 ** Math.min(batch, 30));
}

function isOther(host: HostStep, before: ReparentedHost | undefined): boolean {
  return (
    before === undefined ||
    host.state !== before.state ||
    host.batch !== before.batch ||
    host.fault?.code !== before.fault?.code ||
    host.fault?.message !== before.fault?.message
  );
}
