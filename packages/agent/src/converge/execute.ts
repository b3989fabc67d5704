import { XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import { installFingerprint, type Placed, type Refusal } from '../slot/placed.ts';
import type { Execute, ExecutorTools } from './apply/executor.ts';
import { executors } from './apply/index.ts';
import { codedFault, isLasting } from './faults.ts';
import { runHook } from './hooks.ts';
import { interruptions, isBegun, type Journal, journalOf } from './journal.ts';
import { isAhead, type JournalPoint, stepKinds } from './points.ts';
import { checkPreflight } from './preflight.ts';
import type { SlotPlan, Step } from './steps.ts';

/** What became of one slot's plan. */
export type Outcome =
  | { readonly kind: 'done' }
  /** The package failed by its own fault and is remembered as refused. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Something else failed: it is tried again later. */
  | { readonly kind: 'failed'; readonly step: Step['kind']; readonly error: XylemError };

export interface ExecuteOptions {
  readonly tools: ExecutorTools;
  readonly onJournalPoint?: ((point: JournalPoint) => void | Promise<void>) | undefined;
  /** Why something must not come to this host any more, or null. */
  readonly heldBack?: ((target: Placed) => string | null) | undefined;
  /** A hook of the version that goes failed, and the way goes on. */
  readonly passedOver?: ((component: string, message: string) => void) | undefined;
  /**
   * Before the first step that touches what runs, unless the change was begun already: what has begun is finished.
   * @throws XylemError why it may not begin now
   */
  readonly mayTouch?: ((plan: SlotPlan) => Promise<void>) | undefined;
  /** Before the first step that touches what runs, begun already or not: what runs beside it gives way. */
  readonly touches?: ((plan: SlotPlan) => Promise<void>) | undefined;
  readonly onStep?: ((component: string, step: Step['kind']) => void) | undefined;
}

/** A start that took the agent or the machine with it so often is not tried again. */
const mostInterruptions = 3;

/**
 * Takes the steps of one slot's plan in order.
 *
 * Invariant: before a step that leads to something new acts, the journal durably says that it begins.
 * @throws only the signal's reason: the agent is ending
 */
export async function executeSlot(plan: SlotPlan, options: ExecuteOptions): Promise<Outcome> {
  const { tools } = options;
  const journal = journalOf(tools.layout.component(plan.component).journal, tools.clock);
  for (const step of await missedHooks(plan, journal)) {
    try {
      await runHook('after', step, plan, options);
      await journal.end(step, fingerprintOf(plan)).catch(() => undefined);
    } catch (error) {
      if (tools.signal.aborted) throw tools.signal.reason;
      return await afterFault(error, step, plan, journal, options);
    }
  }
  const firstTouch = plan.steps.find(({ kind }) => !isAhead(kind));
  for (const step of plan.steps) {
    tools.signal.throwIfAborted();
    try {
      refuseHeldBack(plan, step, options);
      const held = step === firstTouch ? await heldUp(plan, journal, options) : null;
      if (held !== null) return { kind: 'failed', step: step.kind, error: held };
      if (step === firstTouch) await options.touches?.(plan);
      if (canTakeDown.has(step.kind)) await refuseAfterCrashes(plan, journal);
      await take(step, plan, journal, options);
    } catch (error) {
      if (tools.signal.aborted) {
        // An agent that was asked to end did not go down by what it was doing.
        await journal.failed(step.kind, fingerprintOf(plan), 'E_INTERRUPTED').catch(() => undefined);
        throw tools.signal.reason;
      }
      return await afterFault(error, step.kind, plan, journal, options);
    }
  }
  await journal.close();
  return { kind: 'done' };
}

/**
 * What was quarantined or taken back while this plan was under way goes no further. Of a first installation that has begun
 * to run there is nothing to go back to: it is what runs.
 * @throws XylemError E_INTERRUPTED: the next plan knows
 */
function refuseHeldBack({ action, target }: SlotPlan, step: Step, { heldBack }: ExecuteOptions): void {
  const isFirst = action === 'install' || action === 'adopt';
  const isOnTheWay =
    action === 'update' || action === 'fetch-ahead' || (isFirst && !afterStart.has(step.kind));
  const why = isOnTheWay && target !== null ? (heldBack?.(target) ?? null) : null;
  if (why !== null) throw new XylemError('E_INTERRUPTED', why);
}

/** Why the change may not begin to touch anything now, or null. The journal says nothing of it: nothing was tried. */
async function heldUp(
  plan: SlotPlan,
  journal: Journal,
  { mayTouch, tools }: ExecuteOptions,
): Promise<XylemError | null> {
  if (mayTouch === undefined || isBegun(await journal.entries(), fingerprintOf(plan))) return null;
  try {
    await mayTouch(plan);
    return null;
  } catch (error) {
    if (tools.signal.aborted) throw error;
    const held = codedFault(error, `the moment to change ${plan.component}`);
    tools.log.info('held up', { component: plan.component, cause: held });
    return held;
  }
}

/** What of a package acts in these may end the agent or the machine with it. */
const canTakeDown: ReadonlySet<Step['kind']> = new Set(['start', 'probe', 'apply']);

const afterStart: ReadonlySet<Step['kind']> = new Set(['probe', 'commit', 'retire']);

const fingerprintOf = ({ target }: SlotPlan): string => (target === null ? '' : installFingerprint(target));

const isNew = ({ action }: SlotPlan): boolean => action === 'install' || action === 'update';

/** Steps that acted, or may have, before the hook after them ended well; and this plan has them no more. */
async function missedHooks(plan: SlotPlan, journal: Journal): Promise<Step['kind'][]> {
  const after = Object.keys(plan.target?.document.hooks?.after ?? {});
  if (after.length === 0) return [];
  const entries = await journal.entries();
  const fingerprint = fingerprintOf(plan);
  const isCutOff = (kind: string): boolean => {
    const last = entries.findLast((entry) => entry.step === kind && entry.fingerprint === fingerprint);
    // Also one that failed, where the host went down before that was remembered as a refusal.
    return last !== undefined && last.phase !== 'end';
  };
  return stepKinds.filter(
    (kind) => after.includes(kind) && isCutOff(kind) && plan.steps.every((step) => step.kind !== kind),
  );
}

async function take(step: Step, plan: SlotPlan, journal: Journal, options: ExecuteOptions): Promise<void> {
  const { component } = plan;
  const kind = ('of' in step ? step.of : undefined) ?? plan.kind;
  const fingerprint = fingerprintOf(plan);
  options.onStep?.(component, step.kind);
  await journal.begin(step.kind, fingerprint).catch((error: unknown) => {
    // What was accepted comes up again on a full disk too; nothing is ever decided by how often that was cut off.
    const isKnown = plan.action === 'repair' || plan.action === 'restore';
    if (!isKnown || codedFault(error, '').code !== 'E_DISK_FULL') throw error;
  });
  await options.onJournalPoint?.(`${kind}/${step.kind}/written` as JournalPoint);
  if (step.kind === 'preflight' && isNew(plan)) await checkPreflight(step.target, options.tools);
  await runHook('before', step.kind, plan, options);
  const execute = executors[step.kind] as Execute<typeof step.kind>;
  await execute(step as never, { component, kind: plan.kind, tools: options.tools });
  await runHook('after', step.kind, plan, options);
  await options.onJournalPoint?.(`${kind}/${step.kind}/acted` as JournalPoint);
  // Not durable, and without it the start only counts as cut off once more.
  await journal.end(step.kind, fingerprint).catch(() => undefined);
}

async function afterFault(
  error: unknown,
  step: Step['kind'],
  plan: SlotPlan,
  journal: Journal,
  options: ExecuteOptions,
): Promise<Outcome> {
  const { tools } = options;
  const fault = codedFault(error, `${step} of ${plan.component}`);
  tools.log.warn('step failed', { component: plan.component, step, cause: fault });
  await journal.failed(step, fingerprintOf(plan), fault.code).catch(() => undefined);
  if (plan.target === null || !isNew(plan) || !isLasting(fault))
    return { kind: 'failed', step, error: fault };
  const refusal = refusalOf(plan.target, step, fault, formatTime(tools.clock.now()));
  try {
    await take({ kind: 'revert', refusal }, plan, journal, options);
    await journal.close();
  } catch (cause) {
    // The refusal could not be remembered; it counts for now, and is tried again later.
    if (tools.signal.aborted) throw tools.signal.reason;
    return { kind: 'failed', step: 'revert', error: codedFault(cause, `revert of ${plan.component}`) };
  }
  return { kind: 'refused', refusal };
}

/** @throws XylemError E_SERVICE_START when starting this was cut off too often */
async function refuseAfterCrashes(plan: SlotPlan, journal: Journal): Promise<void> {
  const { target } = plan;
  if (target === null || plan.action === 'repair') return;
  const entries = await journal.entries();
  const fingerprint = installFingerprint(target);
  const cutOff = [...canTakeDown].reduce((sum, kind) => sum + interruptions(entries, kind, fingerprint), 0);
  if (cutOff < mostInterruptions) return;
  throw new XylemError(
    'E_SERVICE_START',
    `${plan.component} ${target.version}: this host or its agent went down ${mostInterruptions} times while it was started`,
  );
}

function refusalOf(target: Placed, step: Step['kind'], fault: XylemError, since: string): Refusal {
  return {
    package: target.package,
    fingerprint: installFingerprint(target),
    deployment: target.deployment,
    version: target.version,
    tree: target.tree,
    product: target.product,
    kind: target.kind,
    code: fault.code,
    message: fault.message.slice(0, 2_000),
    step,
    ...(target.retry === undefined ? {} : { retry: target.retry }),
    since,
  };
}
