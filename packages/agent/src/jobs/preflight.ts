import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodes, type Hook, type JobResult, timeOf, XylemError } from '@xylem/core';
import { runForComponent } from '../commands/component-run.ts';
import { lastWords } from '../commands/record.ts';
import type { FetchTree } from '../converge/apply/executor.ts';
import { requireRoom, wholeBytes } from '../converge/apply/reserve.ts';
import { codedFault } from '../converge/faults.ts';
import { hookRun } from '../converge/hooks.ts';
import { checkPreflight } from '../converge/preflight.ts';
import type { OrderedPreflight } from '../direction/wanted.ts';
import type { DriverTools } from '../drivers/driver.ts';
import type { ObservedSlot } from '../slot/observed.ts';
import type { Placed } from '../slot/placed.ts';
import type { StateLayout } from '../state/layout.ts';
import { tailOf } from './collect.ts';
import type { MayBegin } from './may-begin.ts';
import { refused } from './run-job.ts';

export type PreflightTools = DriverTools & { readonly fetchTree: FetchTree };

/** Looks at what direction is about to bring, beside what runs (docs/spec/jobs.md, Beforehand). */
export interface Preflights {
  /** Whether an order can be begun; undefined: it is one of another kind. */
  mayLook(id: string, slot: ObservedSlot | undefined): MayLook | undefined;
  /** Removes what was fetched for orders that are gone, or lies in its slot by now. */
  clear(isRunning: (id: string) => boolean): Promise<void>;
}

export type MayLook =
  | Exclude<MayBegin, { kind: 'run' }>
  /** Neither the program nor what came from it is left when it resolves or throws the signal's reason. */
  | { readonly kind: 'look'; readonly look: (signal: AbortSignal) => Promise<JobResult> };

export interface PreflightOptions {
  readonly tools: PreflightTools;
  readonly ordered: () => readonly OrderedPreflight[];
  /** Before a fetch that failed for a passing reason is tried again. */
  readonly retryMs: number;
}

const mostFetches = 5;
/** Of what a hook printed: a plan shows it, and there may be thousands of hosts. */
const mostOutput = 4 * 1024;

export function preflightsOf({ tools, ordered, retryMs }: PreflightOptions): Preflights {
  const { layout } = tools;

  const look = async (
    placed: Placed,
    slot: ObservedSlot | undefined,
    signal: AbortSignal,
  ): Promise<JobResult> => {
    const started = { atMs: tools.clock.now(), monotonicMs: tools.clock.monotonicMs() };
    const judged = await looked(placed, slot, { ...tools, signal }, retryMs).catch((error: unknown) => {
      signal.throwIfAborted();
      const what = `looking at ${placed.component} ${placed.version} beforehand`;
      const { code, message } = codedFault(error, what);
      const said = refused(code, message);
      return code === 'E_PREFLIGHT' ? { ...said, outcome: 'failed' as const } : said;
    });
    const seconds = Math.max(0, Math.round((tools.clock.monotonicMs() - started.monotonicMs) / 1000));
    return { ...judged, started: timeOf(started.atMs), seconds };
  };

  return {
    mayLook: (id, slot) => {
      const one = ordered().find(({ order }) => order.id === id);
      if (one === undefined) return undefined;
      if ('placed' in one) return { kind: 'look', look: (signal) => look(one.placed, slot, signal) };
      const { code, message } = one.fault;
      const why = new XylemError(code, message);
      // Another parent may have what it lacks: direction is read again for it.
      return errorCodes[code].retry === 'elsewhere' ? { kind: 'wait', why } : { kind: 'refuse', why };
    },
    clear: async (isRunning) => {
      const kept = new Set<string>();
      for (const one of ordered()) {
        if (!('placed' in one)) continue;
        const { component, tree } = one.placed;
        if (isRunning(one.order.id) || !(await isThere(layout.component(component).text(tree))))
          kept.add(`${component}/${tree}`);
      }
      for (const component of await namesIn(layout.ahead)) {
        const folder = join(layout.ahead, component);
        for (const name of await namesIn(folder)) {
          const tree = /[0-9a-f]{64}/.exec(name)?.[0] ?? '';
          if (!kept.has(`${component}/${tree}`))
            await rm(join(folder, name), { recursive: true, force: true });
        }
      }
    },
  };
}

type Judged = Omit<JobResult, 'started' | 'seconds'>;

async function looked(
  placed: Placed,
  slot: ObservedSlot | undefined,
  tools: PreflightTools,
  retryMs: number,
): Promise<Judged> {
  const { component, sizeBytes, document } = placed;
  const { layout } = tools;
  await tools.secrets.open(placed);
  await checkPreflight(placed, tools);
  const hook = document.hooks?.before?.['preflight'];
  if (hook === undefined) {
    const hasOther = (slot?.trees.length ?? 0) > 0;
    await requireRoom(component, layout.root, hasOther ? 0 : wholeBytes(sizeBytes));
    return { outcome: 'passed', exitCode: null, output: { text: '', sizeBytes: 0 } };
  }
  const apart = apartFrom(layout);
  const tree = apart.component(component).tree(placed.tree);
  await bring(placed, tree, tools, retryMs);
  try {
    return await hookSaid(hook, placed, slot, { ...tools, layout: apart });
  } finally {
    // The deployment will want the room more than the bytes that this would save it.
    await requireRoom(component, layout.root, wholeBytes(sizeBytes)).catch(() =>
      rm(tree, { recursive: true, force: true }),
    );
  }
}

/** The same places, but for trees: those that are only looked at lie apart from those that run. */
const apartFrom = (layout: StateLayout): StateLayout => ({
  ...layout,
  component: (component) => ({
    ...layout.component(component),
    tree: (digest) => join(layout.ahead, component, digest),
  }),
});

/** @throws XylemError E_DISK_FULL before anything is asked for, or that of the last attempt */
async function bring(
  { component, kind, domain, tree, sizeBytes }: Placed,
  into: string,
  { layout, fetchTree, clock, signal, log }: PreflightTools,
  retryMs: number,
): Promise<void> {
  if (await isThere(into)) return;
  await requireRoom(component, layout.root, wholeBytes(sizeBytes));
  await mkdir(join(layout.ahead, component), { recursive: true, mode: 0o755 });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchTree({ component, kind, domain, tree, into, isApart: true, isAhead: true });
    } catch (error) {
      signal.throwIfAborted();
      const fault = codedFault(error, `fetching ${component} beforehand`);
      if (fault.retry === 'never' || fault.code === 'E_DISK_FULL' || attempt === mostFetches) throw fault;
      log.info('fetched beforehand later', { component, attempt, cause: fault });
      await clock.sleep(retryMs * attempt, signal);
    }
  }
}

async function hookSaid(
  hook: Hook,
  placed: Placed,
  slot: ObservedSlot | undefined,
  tools: PreflightTools,
): Promise<Judged> {
  const { component, version } = placed;
  const outgoing = slot?.record?.installed ?? null;
  const action = outgoing === null ? 'install' : 'update';
  const run = hookRun(hook, placed, 'before', 'preflight', { action, outgoing }, tools);
  const end = await runForComponent(
    component,
    {
      ...run,
      what: 'preflight beforehand',
      environment: { ...run.environment, XYLEM_AHEAD: '1' },
      // Beside the programs around steps, like a job.
      note: tools.layout.component(component).jobProgram,
      more: { outputBytes: mostOutput, leavesNothing: true },
    },
    tools,
  );
  const same = {
    exitCode: end.code,
    ...(end.signal === null ? {} : { signal: end.signal }),
    output: { text: tailOf(end.output, mostOutput), sizeBytes: end.outputSizeBytes },
  };
  if (end.fault === null) return { outcome: 'passed', ...same };
  const said = lastWords(end.output, 500);
  const words = said === '' ? 'It printed nothing.' : `It said: ${said}`;
  const message = `${component} ${version}: its hook before preflight ${end.fault}. ${words}`;
  return {
    outcome: end.isLate ? 'timed-out' : 'failed',
    ...same,
    code: 'E_HOOK_FAILED',
    message: message.slice(0, 2_000).toWellFormed(),
  };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
