import { holdsBack } from '@xylem/core';
import type { CurrentAdoption } from '../adopt/current.ts';
import type { ExecutorTools } from '../converge/apply/executor.ts';
import { type Convergence, type Converger, converger } from '../converge/converge.ts';
import { codedFault } from '../converge/faults.ts';
import { onTheWay } from '../direction/transitions.ts';
import type { Accepted } from '../direction/wanted.ts';
import { leavingDrift, leftAlone } from '../drift/leaving.ts';
import { type DriftNotes, driftNotes } from '../drift/notes.ts';
import type { DriftWatch, LeftAlone } from '../drift/watch.ts';
import { type ServiceHealth, serviceHealth } from '../health/services.ts';
import type { Aside } from '../jobs/runner.ts';
import { type HostMoments, hostMoments } from '../moments/moments.ts';
import type { AgentOptions, AgentTiming } from '../options.ts';
import type { CurrentReverts } from '../reverting/current.ts';
import { revertOf, withReverts } from '../reverting/reverts.ts';
import type { HostFaults } from './host-faults.ts';
import type { Wake } from './wake.ts';

/** Leads this host's components to where direction wants them, and keeps them there. */
export interface LookAfter {
  /** Until the signal ends it. */
  run(): Promise<void>;
  /** What should be may be another now: what was postponed is tried at once. */
  wantsChanged(): void;
  /** Whether this process has looked at all that is here, and knows what to do about it. */
  hasPlanned(): boolean;
  /** Whether a pass has ended that was about what is accepted now. */
  isSettled(): boolean;
  /** What was found by the last pass. */
  convergence(): Convergence;
  /** The slots as a pass that has just ended found them; null while one is under way, and a moment after it. */
  justObserved(): Convergence['slots'] | null;
  /** Components that are just being removed. */
  readonly removing: ReadonlySet<string>;
  readonly health: ServiceHealth;
  readonly drift: DriftNotes;
}

export interface LookAfterOptions {
  readonly tools: ExecutorTools;
  readonly timing: AgentTiming;
  /** Ends the pause between two passes. */
  readonly looked: Wake;
  readonly accepted: () => Accepted | null;
  readonly faults: HostFaults;
  readonly reverts: CurrentReverts;
  readonly adoption: CurrentAdoption;
  readonly driftWatch: DriftWatch;
  /** What runs beside the components, and gives way to a change. */
  readonly aside: Aside;
  readonly fraction: () => number;
  readonly onJournalPoint: AgentOptions['onJournalPoint'];
  /** Something that a report says may have changed. */
  readonly changed: () => void;
}

/** A report that a pass gave reason for is made so soon after it. */
const justMs = 5_000;

/** The loop of a host: observe, plan, act, until nothing is left; then again when something happens, or after a while. */
export function lookAfter(options: LookAfterOptions): LookAfter {
  const { tools, timing, looked, changed, onJournalPoint } = options;
  const { clock, log } = tools;
  const moments = hostMoments({ layout: tools.layout, clock, log, remembers: true });
  const converging = converger({
    tools,
    moments,
    onJournalPoint,
    heldBack: (target) => {
      const one = holdsBack(options.accepted()?.quarantine?.quarantined ?? [], target.release);
      if (one !== undefined) return `${one.product}@${one.version} was quarantined under way.`;
      const revert = revertOf(target, options.reverts.list());
      const isKept = revert?.kept.some(({ package: digest }) => digest === target.package) ?? true;
      return isKept ? null : `${target.product} was taken back on this host under way.`;
    },
    passedOver: (component, message) => {
      drift.passedOver(component, message);
      changed();
    },
    aside: options.aside,
    touches: options.aside.touch,
    gate: (plan, slots) => {
      const own = options.adoption.gate(wanted(slots))(plan, slots);
      return leavesDrift() ? leavingDrift(own, slots) : own;
    },
    ended: async (plan, error) => {
      if (await options.adoption.ended(plan, error)) looked.wake();
    },
    lockAtMostMs: () => {
      const seconds = options.accepted()?.lockAtMostSeconds;
      return seconds === undefined ? undefined : seconds * 1000;
    },
    slotRetryMs: timing.slotRetryMs,
    fraction: options.fraction,
  });
  const health = serviceHealth(tools, clock, changed);
  const removing = new Set<string>();
  let hasPlanned = false;
  let settledFor: Accepted | null = null;
  const drift = driftNotes();
  let convergence: Convergence = { slots: new Map(), waiting: new Map(), rested: false };
  let observedMs = Number.NEGATIVE_INFINITY;

  const wanted = (slots: Convergence['slots']): Accepted | null => {
    const accepted = options.accepted();
    const reverts = options.reverts.list();
    return accepted === null ? null : withReverts(onTheWay(accepted, slots, reverts), reverts);
  };

  const leavesDrift = (): boolean => options.accepted()?.drift === 'report';

  const pass = async (): Promise<void> => {
    const accepted = options.accepted();
    await options.reverts.look(accepted?.entry?.undo ?? {});
    await options.adoption.look();
    const left = leavesDrift() ? await options.driftWatch.leave() : null;
    if (left === null) await options.driftWatch.settle((component, what) => drift.add(component, what));
    const acted = new Set<string>();
    convergence = await converging.run(wanted, (plan) => {
      const { component, action } = plan;
      hasPlanned = true;
      acted.add(component);
      if (action === 'remove') removing.add(component);
      if (plan.drift === null) return;
      drift.add(component, plan.drift);
      changed();
    });
    if (left !== null) convergence = withDrift(convergence, left);
    hasPlanned = true;
    settledFor = accepted;
    removing.clear();
    drift.settled((component) => !acted.has(component));
    health.watch(convergence.slots);
    const hasServices = [...convergence.slots.values()].some(({ running }) => running?.kind === 'service');
    if (!hasServices) tools.supervisor.close();
  };

  return {
    health,
    drift,
    removing,
    hasPlanned: () => hasPlanned,
    isSettled: () => settledFor === options.accepted(),
    convergence: () => convergence,
    justObserved: () => (clock.monotonicMs() - observedMs < justMs ? convergence.slots : null),
    wantsChanged: () => {
      converging.forgetPostponed();
      looked.wake();
    },
    run: async () => {
      const { signal } = tools;
      while (!signal.aborted) {
        try {
          observedMs = Number.NEGATIVE_INFINITY;
          await pass();
          observedMs = clock.monotonicMs();
          options.faults.set('converging', null);
        } catch (error) {
          if (signal.aborted) return;
          log.error('converging failed', { cause: error });
          options.faults.set('converging', codedFault(error, 'looking after components'));
          await clock.sleep(timing.slotRetryMs / 4, signal).catch(() => undefined);
        }
        changed();
        await looked.sleep(pauseMs(converging, convergence, timing, moments), signal).catch(() => undefined);
      }
    },
  };
}

/** What is left as it is, where nothing more urgent is said of the component. */
function withDrift(convergence: Convergence, left: ReadonlyMap<string, LeftAlone>): Convergence {
  const present = [...left].filter(
    ([component, { tree }]) => convergence.slots.get(component)?.record?.installed?.tree === tree,
  );
  const said = present.map(([component, { what }]) => [component, leftAlone(component, what)] as const);
  return { ...convergence, waiting: new Map([...said, ...convergence.waiting]) };
}

/** A bake that ends is something to do, and so is a window that opens. */
function pauseMs(
  converging: Converger,
  { slots }: Convergence,
  { observeMs }: AgentTiming,
  moments: HostMoments,
): number {
  const bakes = [...slots.values()].flatMap(({ running }) =>
    running?.beside === undefined || running.warm === undefined ? [] : [Math.max(0, running.warm.leftMs)],
  );
  const seconds = (ms: number): number => Math.max(ms, 1_000);
  return Math.min(
    observeMs,
    converging.retryInMs() ?? observeMs,
    ...[...bakes, moments.nextInMs() ?? observeMs].map(seconds),
  );
}
