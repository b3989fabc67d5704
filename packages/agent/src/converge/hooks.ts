import {
  fillPlaceholders,
  type Hook,
  type HookMoment,
  hookMoments,
  hookTimeoutDefaultMs,
  XylemError,
} from '@xylem/core';
import { type ComponentRun, runForComponent } from '../commands/component-run.ts';
import { lastWords, recordOutput } from '../commands/record.ts';
import type { DriverTools, Places } from '../drivers/driver.ts';
import { placesOf } from '../drivers/service/places.ts';
import { commandOf } from '../drivers/service/spec.ts';
import type { Placed } from '../slot/placed.ts';
import type { StepKind } from './points.ts';
import type { SlotPlan } from './steps.ts';

/** What a package's hook runs on this host. */
interface FilledHook {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Around these the hooks are those of the version that goes, in what is there of it. */
const ofOutgoing: ReadonlySet<StepKind> = new Set(['stop', 'unapply', 'remove']);

/** Whose hooks stand around a step of the plan. Pure. */
function hooksOwner(step: StepKind, { target, outgoing }: SlotPlan): Placed | null {
  return ofOutgoing.has(step) ? outgoing : target;
}

function filledHook(hook: Hook, placed: Placed, places: Places): FilledHook {
  const filled = placesOf(placed, places);
  const variables = Object.entries(hook.environment ?? {}).map(
    ([name, text]) => [name, fillPlaceholders(text, filled)] as const,
  );
  return {
    command: commandOf(hook.command, placed, places),
    environment: Object.fromEntries(variables),
    timeoutMs: hook.timeoutMs ?? hookTimeoutDefaultMs,
  };
}

/** Fills each hook of a package, to find out before anything is touched. Pure. @throws XylemError E_PLACEHOLDER */
export function checkHooks(placed: Placed, places: Places): void {
  for (const moment of hookMoments) {
    for (const hook of Object.values(placed.document.hooks?.[moment] ?? {})) filledHook(hook, placed, places);
  }
}

export interface HookSeams {
  readonly tools: DriverTools;
  /** A hook of the version that goes failed, and the way goes on. */
  readonly passedOver?: ((component: string, message: string) => void) | undefined;
}

/**
 * Runs the hook of `moment` of a step, if the package has one. One of the version that goes never stands in the way of
 * what comes in its place. @throws XylemError E_HOOK_FAILED, or the signal's reason
 */
export async function runHook(
  moment: HookMoment,
  step: StepKind,
  plan: SlotPlan,
  { tools, passedOver }: HookSeams,
): Promise<void> {
  // What is taken over or given back goes on as it is: nothing of its package runs around it.
  if (plan.action === 'adopt' || plan.action === 'disown') return;
  const placed = hooksOwner(step, plan);
  const hooks = placed?.document.hooks?.[moment];
  const hook = hooks !== undefined && Object.hasOwn(hooks, step) ? hooks[step] : undefined;
  if (placed === null || hook === undefined) return;
  try {
    await ran(hook, placed, moment, step, plan, tools);
  } catch (error) {
    if (tools.signal.aborted || !ofOutgoing.has(step)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    tools.log.warn('hook passed over', { component: plan.component, step, moment, cause: error });
    passedOver?.(plan.component, `${message} It goes all the same.`);
  }
}

/** What runs a hook of `placed`. Pure. @throws XylemError E_PLACEHOLDER */
export function hookRun(
  hook: Hook,
  placed: Placed,
  moment: HookMoment,
  step: StepKind,
  { action, outgoing }: Pick<SlotPlan, 'action' | 'outgoing'>,
  places: Places,
): ComponentRun {
  const { component } = placed;
  const own = places.layout.component(component);
  const { command, environment, timeoutMs } = filledHook(hook, placed, places);
  return {
    what: `${moment} ${step}`,
    command,
    workingFolder: own.tree(placed.tree),
    environment: {
      XYLEM_COMPONENT: component,
      XYLEM_VERSION: placed.version,
      XYLEM_INSTALLED_VERSION: outgoing?.version ?? '',
      XYLEM_ACTION: action,
      XYLEM_HOOK: `${moment} ${step}`,
      XYLEM_DATA: own.data,
      ...environment,
    },
    timeoutMs,
  };
}

async function ran(
  hook: Hook,
  placed: Placed,
  moment: HookMoment,
  step: StepKind,
  plan: SlotPlan,
  tools: DriverTools,
): Promise<void> {
  const { component } = plan;
  const own = tools.layout.component(component);
  const run = hookRun(hook, placed, moment, step, plan, tools);
  const { fault, output } = await runForComponent(component, run, tools);
  const what = `hook ${moment} ${step} of ${component} ${placed.version}`;
  await recordOutput(own.stepsLog, tools.clock, `${what}${fault === null ? '' : ` ${fault}`}`, output);
  if (fault === null) return;
  const said = lastWords(output);
  const end = said === '' ? 'It printed nothing.' : `It said: ${said}`;
  const message = `${component} ${placed.version}: its hook ${moment} ${step} ${fault}. ${end} (${own.stepsLog})`;
  throw new XylemError('E_HOOK_FAILED', message, { retry: 'never' });
}
