import { readFile } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { loadIdentity } from '@xylem/trust';
import type { Observing } from '../adopt/adoption-file.ts';
import { gated } from '../adopt/gate.ts';
import { adoptionState } from '../adopt/state.ts';
import { type JournalEntry, parseJournal } from '../converge/journal.ts';
import { observeSlots } from '../converge/observe.ts';
import { planSlots } from '../converge/plan.ts';
import type { SlotPlan } from '../converge/steps.ts';
import { acceptedFile } from '../direction/accepted-file.ts';
import { onTheWay } from '../direction/transitions.ts';
import type { Accepted } from '../direction/wanted.ts';
import { drivers } from '../drivers/index.ts';
import { hostMoments } from '../moments/moments.ts';
import { revertsFile, withReverts } from '../reverting/reverts.ts';
import { emptySlot, type ObservedSlot } from '../slot/observed.ts';
import type { StateLayout } from '../state/layout.ts';
import { lockHolder } from '../state/lock.ts';
import { type Transfer, transferFile } from '../transfer/record.ts';
import { newestReport } from './newest-report.ts';
import { readOnlyTools } from './read-only.ts';

/** What keeps something, in words; `since` where the agent said it in its newest report. */
export interface Keeping {
  readonly code: string;
  readonly message: string;
  readonly since: string | null;
}

/** One component as it should be and as it is. */
export interface ExplainedComponent {
  readonly component: string;
  /** Version that direction, or a person on this host, wants here; null: it should not be here. */
  readonly desired: string | null;
  /** Version that comes first on the way there; absent: none. */
  readonly through?: string;
  /** What was committed; null: nothing. */
  readonly installed: string | null;
  readonly running: 'running' | 'ended' | 'nothing runs' | 'other files than committed';
  /** What would be done now, in order; empty where nothing is left to do. */
  readonly steps: readonly string[];
  readonly keeping: readonly Keeping[];
  /** How its last tree came; null: that was not noted. */
  readonly transfer: Transfer | null;
  /** The last step that failed since the component was at rest. */
  readonly lastFailure: { readonly step: string; readonly code: string; readonly at: string } | null;
}

/** A host as its own state folder shows it, without asking anybody. */
export interface Explanation {
  readonly host: string;
  readonly environment: string;
  readonly agentRuns: boolean;
  /** Of the accepted desired state; null before the first. */
  readonly direction: { readonly number: number; readonly snapshot: number } | null;
  /** When the agent last said something of this host. RFC 3339. */
  readonly reported: string | null;
  /** It changes nothing but what it adopted; null: it follows direction. */
  readonly observing: Observing | null;
  readonly components: readonly ExplainedComponent[];
  /** What keeps the whole host. */
  readonly keeping: readonly Keeping[];
}

/**
 * Compares what this host should run with what it runs, and plans what the agent would do, without doing it.
 * @throws XylemError E_NOT_JOINED
 */
export async function explainHost(options: {
  readonly stateFolder: string;
  readonly node: string;
  readonly clock: Clock;
}): Promise<Explanation> {
  const tools = readOnlyTools(options);
  const { layout, log } = tools;
  const identity = await loadIdentity(layout.identity);
  if (identity === null)
    throw new XylemError('E_NOT_JOINED', `${options.stateFolder} has no identity of a host.`);
  const directed = await acceptedFile(layout.accepted, log).read();
  const { reverts } = (await revertsFile(layout.reverts, log).read()) ?? { reverts: [] };
  const slots = await observeSlots(tools, drivers);
  const final = directed === null ? null : withReverts(directed, reverts);
  const wanted = directed === null ? null : withReverts(onTheWay(directed, slots, reverts), reverts);
  const moments = hostMoments({ layout, clock: options.clock, log, remembers: false });
  const planned = planSlots({
    mayBegin: await moments.look(wanted, slots),
    slots,
    wanted,
    postponed: new Map(),
    places: tools,
    drivers,
  });
  const adoption = await adoptionState({ ...tools, drivers }, wanted);
  const { slots: plans, waiting } = gated(planned, slots, wanted, drivers, adoption);
  const report = await newestReport(layout.reports);
  const said = (component: string | null): Keeping[] =>
    (report?.waiting ?? []).filter((one) => one.component === component);
  const names = new Set([...slots.keys(), ...(final?.components ?? []).map(({ component }) => component)]);
  const components: ExplainedComponent[] = [];
  for (const component of [...names].sort()) {
    const now = waiting.get(component);
    const others = said(component).filter(({ code }) => code !== now?.code);
    components.push({
      ...shown(slots.get(component) ?? emptySlot(component), final),
      ...throughOf(component, wanted, final),
      steps: stepsOf(plans.find((plan) => plan.component === component)),
      keeping: [...(now === undefined ? [] : [{ ...now, since: null }]), ...others],
      transfer: await transferFile(layout.component(component).transfer, log).read(),
      lastFailure: await lastFailure(component, layout),
    });
  }
  return {
    host: identity.host,
    environment: identity.environment.name,
    agentRuns: (await lockHolder(layout.lock)) !== null,
    direction: directed === null ? null : { number: directed.number, snapshot: directed.snapshot },
    reported: report?.time ?? null,
    observing: adoption.observing,
    components,
    keeping: said(null),
  };
}

function shown(
  { component, record, current, running }: ObservedSlot,
  wanted: Accepted | null,
): Pick<ExplainedComponent, 'component' | 'desired' | 'installed' | 'running'> {
  const installed = record?.installed ?? null;
  const desired = wanted?.components.find((placed) => placed.component === component)?.version ?? null;
  const state = (): ExplainedComponent['running'] => {
    if (current !== null && current !== installed?.tree) return 'other files than committed';
    if (running === null) return 'nothing runs';
    return running.alive ? 'running' : 'ended';
  };
  return { component, desired, installed: installed?.version ?? null, running: state() };
}

function throughOf(
  component: string,
  wanted: Accepted | null,
  final: Accepted | null,
): Pick<ExplainedComponent, 'through'> {
  const of = (state: Accepted | null) => state?.components.find((placed) => placed.component === component);
  const next = of(wanted);
  return next === undefined || next.release === of(final)?.release ? {} : { through: next.version };
}

const stepsOf = (plan: SlotPlan | undefined): string[] => (plan?.steps ?? []).map(({ kind }) => kind);

async function lastFailure(
  component: string,
  layout: StateLayout,
): Promise<ExplainedComponent['lastFailure']> {
  const text = await readFile(layout.component(component).journal, 'utf8').catch(() => '');
  const failed = parseJournal(text).findLast((entry: JournalEntry) => entry.phase === 'failed');
  return failed === undefined ? null : { step: failed.step, code: failed.code ?? '', at: failed.at };
}
