import { isDeepStrictEqual } from 'node:util';
import { fillPlaceholders, switchDefaults } from '@xylem/core';
import type { Step } from '../../converge/steps.ts';
import type { ObservedSlot, Running } from '../../slot/observed.ts';
import type { Placed } from '../../slot/placed.ts';
import type { DriverStepKind, Places } from '../driver.ts';
import { placesOf } from './places.ts';
import { type Side, sidesOf } from './sides.ts';
import { serviceSpec } from './spec.ts';
import { allOf, stopOf } from './stopping.ts';

type Steps = Step<DriverStepKind | 'switch'>[];

/**
 * From what runs to `target` without a gap: it starts on the side to which no traffic goes, is probed, gets the
 * traffic, and what had it stays until its bake ends. Pure.
 *
 * Invariants (property-tested): traffic is put only to a side on which `target`, or what was committed, runs and was
 * probed; the side that has the traffic, and what was committed, are not stopped before the traffic is elsewhere and
 * `target` is committed.
 */
export function planBlueGreen(
  slot: ObservedSlot,
  target: Placed,
  sides: readonly [Side, Side],
  committed: boolean,
  places: Places,
): Steps {
  const seen = lookAt(slot, target, sides, places);
  return seen.mine === null
    ? startBeside(slot, target, sides, committed, seen)
    : leadTo(slot, target, seen.mine, sides, committed, seen);
}

interface Seen {
  /** The side on which `target` runs, if it does. */
  readonly mine: Side | null;
  /** The side to which traffic goes now; null: neither, or not known. */
  readonly routed: Side | null;
  /** The side on which what was committed runs, where that is not `target`. */
  readonly former: Side | null;
  readonly installed: Placed | null;
  /** What was committed has another router, or none. */
  readonly isOtherRouter: boolean;
}

function lookAt(slot: ObservedSlot, target: Placed, sides: readonly [Side, Side], places: Places): Seen {
  const installed = slot.record?.installed ?? null;
  const formerSides = installed === null ? null : sidesOf(installed, places);
  const route = slot.running?.route;
  const port = route !== undefined && 'port' in route ? route.port : null;
  const isOtherRouter =
    installed !== null && !isDeepStrictEqual(routerKey(installed, places), routerKey(target, places));
  const routed = [...(formerSides ?? []), ...sides].find((side) => side.port === port) ?? null;
  return {
    mine: sides.find((side) => runsOn(slot, target, side, places)) ?? null,
    routed,
    former:
      installed === null
        ? null
        : (formerSides?.find((side) => runsOn(slot, installed, side, places)) ?? null),
    installed,
    isOtherRouter,
  };
}

/** What a router is known by: another place, another router. */
function routerKey(placed: Placed, places: Places): unknown {
  const { builtin, haproxy, nginx, command } = placed.document.service?.switch?.router ?? {};
  const filled = placesOf(placed, places);
  if (builtin !== undefined) return ['builtin', fillPlaceholders(builtin.listen, filled)];
  if (nginx !== undefined) return ['nginx', fillPlaceholders(nginx.upstreamFile, filled)];
  if (haproxy === undefined) return command === undefined ? null : ['command'];
  return ['haproxy', fillPlaceholders(haproxy.socket, filled), fillPlaceholders(haproxy.backend, filled)];
}

/** Between a crash and the supervisor's next try it still is the service that should run. */
function runsOn(slot: ObservedSlot, placed: Placed, side: Side, places: Places): boolean {
  const { fingerprint } = serviceSpec(placed, places, side);
  const one = at(slot, side);
  return one?.fingerprint === fingerprint && slot.trees.includes(placed.tree);
}

const at = (slot: ObservedSlot, side: Side): Running | undefined =>
  allOf(slot).find(({ service }) => service === side.service);

/** `target` does not run: it is started where no traffic goes. */
function startBeside(
  slot: ObservedSlot,
  target: Placed,
  sides: readonly [Side, Side],
  committed: boolean,
  seen: Seen,
): Steps {
  const { routed, former, installed } = seen;
  const steps: Steps = [];
  // A switch that was cut off, to what is wanted no more: the traffic goes back first, for its side is needed.
  const isStray = former !== null && routed !== null && routed.service !== former.service;
  if (isStray && installed !== null) steps.push({ kind: 'route', target: installed, side: former });
  const side = sideFor(slot, sides, isStray ? former : routed, former, committed);
  steps.push({ kind: 'preflight', target, side });
  const occupant = at(slot, side);
  if (occupant !== undefined) steps.push(stopOf(slot, occupant));
  steps.push({ kind: 'start', target, side });
  steps.push({ kind: 'probe', target, side, ...(committed ? { as: 'known' } : {}) });
  return [...steps, ...handOver(slot, target, side, committed, seen, isStray ? former : routed)];
}

/** Not where the traffic goes; but what was committed and is gone comes up again where its traffic already goes. */
function sideFor(
  slot: ObservedSlot,
  sides: readonly [Side, Side],
  routed: Side | null,
  former: Side | null,
  committed: boolean,
): Side {
  const sameAs = (one: Side): Side | undefined => sides.find(({ service }) => service === one.service);
  if (committed && routed !== null && at(slot, routed) === undefined) return sameAs(routed) ?? sides[0];
  const inUse = [routed, former].flatMap((one) => (one === null ? [] : [one.service]));
  const free = sides.filter(({ service }) => !inUse.includes(service));
  return free.find((side) => at(slot, side) === undefined) ?? free[0] ?? sides[0];
}

/** `target` runs: it gets the traffic if it does not have it yet. */
function leadTo(
  slot: ObservedSlot,
  target: Placed,
  mine: Side,
  sides: readonly [Side, Side],
  committed: boolean,
  seen: Seen,
): Steps {
  const own = at(slot, mine);
  const { warm } = slot.running ?? {};
  const isWarm =
    warm !== undefined &&
    warm.service === mine.service &&
    warm.fingerprint === own?.fingerprint &&
    warm.leftMs > 0;
  const steps: Steps = [];
  if (own?.wantsSecrets === true) steps.push({ kind: 'start', target, side: mine });
  const isLed = leadsTo(mine, seen.routed, seen);
  if (!committed) steps.push({ kind: 'probe', target, side: mine, ...(isWarm ? { as: 'warm' } : {}) });
  else if (!isLed) steps.push({ kind: 'probe', target, side: mine, as: 'known' });
  steps.push(...handOver(slot, target, mine, committed, seen, seen.routed, isWarm));
  if (!committed) return steps;
  for (const one of allOf(slot)) {
    if (one.service === mine.service || isKept(slot, one, sides)) continue;
    steps.push(stopOf(slot, one));
  }
  return steps;
}

/** A warm one stays until its bake ends. */
function isKept(
  slot: ObservedSlot,
  { service, fingerprint }: Running,
  sides: readonly [Side, Side],
): boolean {
  const { warm } = slot.running ?? {};
  if (warm === undefined || !sides.some((side) => side.service === service)) return false;
  return warm.service === service && warm.fingerprint === fingerprint && warm.leftMs > 0;
}

/** Whether the target's own router has been told already. */
function leadsTo(side: Side, routed: Side | null, { isOtherRouter }: Pick<Seen, 'isOtherRouter'>): boolean {
  return !isOtherRouter && routed?.service === side.service && routed.port === side.port;
}

/** From the probe to the commit. */
function handOver(
  slot: ObservedSlot,
  target: Placed,
  side: Side,
  committed: boolean,
  { installed, isOtherRouter, former }: Seen,
  routed: Side | null,
  isReturn = false,
): Steps {
  const steps: Steps = [];
  if (!leadsTo(side, routed, { isOtherRouter })) {
    // The forwarder listens where a service without a router did: only here there is a moment without an answer.
    const bare = allOf(slot).find(({ service }) => service === undefined);
    if (bare !== undefined && target.document.service?.switch?.router.builtin !== undefined)
      steps.push(stopOf(slot, bare));
    steps.push({ kind: 'route', target, side });
    if (isOtherRouter && installed !== null && leavesRouter(installed, target))
      steps.push({ kind: 'unapply', placed: installed });
  }
  if (slot.current !== target.tree) steps.push({ kind: 'switch', tree: target.tree });
  const old = former === null ? undefined : at(slot, former);
  if (!committed && former !== null && old !== undefined && former.service !== side.service) {
    steps.push({ kind: 'drain', target, from: former, fingerprint: old.fingerprint, bake: !isReturn });
  }
  return steps;
}

/** The forwarder has one address for each component: the new one takes the place of the old. */
function leavesRouter(installed: Placed, target: Placed): boolean {
  const router = installed.document.service?.switch?.router;
  if (router === undefined) return false;
  return router.builtin === undefined || target.document.service?.switch?.router.builtin === undefined;
}

/** Pure. */
export function timesOf({ document }: Placed): { readonly bakeMs: number; readonly drainMs: number } {
  const { bakeMs = switchDefaults.bakeMs, drainMs = switchDefaults.drainMs } = document.service?.switch ?? {};
  return { bakeMs, drainMs };
}
