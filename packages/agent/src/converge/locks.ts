import { lstat, mkdir, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { fillPlaceholders, isPassed, lifetimes, lockDefaults, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import { runForComponent } from '../commands/component-run.ts';
import { lastWords } from '../commands/record.ts';
import type { DriverTools, Places } from '../drivers/driver.ts';
import { placesOf } from '../drivers/service/places.ts';
import { commandOf } from '../drivers/service/spec.ts';
import type { Placed } from '../slot/placed.ts';
import { jsonFile } from '../state/json-file.ts';
import type { SlotPlan } from './steps.ts';

/** What a lock's command ends with while it is held: EX_TEMPFAIL of sysexits.h. */
const heldCode = 75;

/** A file system that does not answer must not take the agent's threads one after the other. */
const fileLookMs = 10_000;

/** Looks are at most 7 minutes apart; what more a clock says across a start of the agent is not believed. */
const mostBetweenMs = 600_000;

/** What runs may veto the moment of a change: docs/spec/components/lock.md. */
export interface Locks {
  /** To be called before the first step that touches what runs. @throws XylemError E_LOCKED */
  refuse(plan: SlotPlan): Promise<void>;
  /** A change was done or given up: the next one is held up anew. */
  forget(component: string): Promise<void>;
  /** The same for all of these that wait for no change. */
  settled(components: Iterable<string>, waiting: ReadonlyMap<string, unknown>): Promise<void>;
}

export interface LockSeams {
  readonly tools: DriverTools;
  /** For how long signed direction lets a lock hold up a change; absent: `lifetimes.lockMs`. */
  readonly lockAtMostMs?: (() => number | undefined) | undefined;
  readonly passedOver?: ((component: string, message: string) => void) | undefined;
}

/** How long a lock was seen held; `lookedMs`: by the wall clock, for what passes while no agent runs. */
interface Wait {
  readonly since: string;
  readonly waitedMs: number;
  readonly lookedMs: number;
}

/**
 * Invariant: whatever the clock does, a lock that is held at every look holds up a change for no longer than it may, and
 * for no less while the agent runs.
 */
export function locksOf(seams: LockSeams): Locks {
  const { tools, passedOver } = seams;
  const { clock, layout, log } = tools;
  const waits = new Map<string, Wait & { readonly monotonicMs: number }>();
  const hanging = new Set<string>();
  let hasSettled = false;
  const fileOf = (component: string) =>
    jsonFile<Wait>(layout.component(component).lock, 'xylem-lock-1', parseWait, log);

  const waitedNow = async (component: string): Promise<Wait> => {
    const lookedMs = clock.now();
    const monotonicMs = clock.monotonicMs();
    const here = waits.get(component);
    const known = here ??
      (await fileOf(component).read()) ?? { since: formatTime(lookedMs), waitedMs: 0, lookedMs };
    const passedMs = here === undefined ? between(known.lookedMs, lookedMs) : monotonicMs - here.monotonicMs;
    const wait = { since: known.since, waitedMs: known.waitedMs + passedMs, lookedMs };
    waits.set(component, { ...wait, monotonicMs });
    return wait;
  };
  /** On a full disk it is remembered here alone. */
  const remember = async (component: string, wait: Wait): Promise<void> => {
    const file = fileOf(component);
    try {
      await mkdir(dirname(file.path), { recursive: true, mode: 0o700 });
      await file.write(wait);
    } catch (cause) {
      log.warn('lock not remembered', { component, cause });
    }
  };
  const forget = async (component: string): Promise<void> => {
    waits.delete(component);
    await rm(layout.component(component).lock, { force: true });
  };

  return {
    forget,
    settled: async (components, waiting) => {
      for (const component of components) {
        if (waiting.has(component)) continue;
        // What an agent before this one left; later it is known here.
        if (!hasSettled || waits.has(component)) await forget(component);
      }
      hasSettled = true;
    },
    refuse: async ({ component, outgoing, target, action, isReturn }) => {
      if (outgoing?.document.lock === undefined) return;
      if (action !== 'remove' && (action !== 'update' || isReturn)) return;
      const atMostMs = seams.lockAtMostMs?.() ?? lifetimes.lockMs;
      if (atMostMs === 0 || isPassed(target ?? {}, { kind: 'locks', name: component })) return;
      const { held, fault } = await lookAt(outgoing, tools, hanging).catch((error: unknown): Look => {
        tools.signal.throwIfAborted();
        return { held: null, fault: `${component}: its lock can't be looked at: ${String(error)}.` };
      });
      if (fault !== undefined) passedOver?.(component, `${fault} It counts as free.`);
      if (held === null) return await forget(component);
      const wait = await waitedNow(component);
      const change = target === null ? 'its removal' : target.version;
      const message = `${component} ${outgoing.version} holds up ${change} since ${wait.since}: ${held}.`;
      const leftMs = atMostMs - wait.waitedMs;
      if (leftMs <= 0) {
        log.warn('lock overridden', { component, held });
        passedOver?.(component, `${message} It may for ${atMostMs / 1000} s, and the change goes on.`);
        return;
      }
      await remember(component, wait);
      const until = formatTime(clock.now() + leftMs);
      throw new XylemError('E_LOCKED', `${message} It goes on when it is free, at ${until} in any case.`);
    },
  };
}

/** By a wall clock that may have leapt meanwhile. Pure. */
function between(fromMs: number, toMs: number): number {
  return Math.min(Math.max(toMs - fromMs, 0), mostBetweenMs);
}

function parseWait({ since, waitedMs, lookedMs }: Record<string, unknown>): Wait {
  if (typeof since !== 'string' || typeof waitedMs !== 'number' || typeof lookedMs !== 'number')
    throw new Error('incomplete');
  if (!(waitedMs >= 0)) throw new Error('no time');
  return { since, waitedMs, lookedMs };
}

/** What the lock of a package is on this host. Pure. @throws XylemError E_PLACEHOLDER */
export function lockOf(
  placed: Placed,
  places: Places,
): { readonly file: string } | { readonly command: readonly string[]; readonly timeoutMs: number } | null {
  const { lock } = placed.document;
  if (lock === undefined) return null;
  const filled = placesOf(placed, places);
  if (lock.file !== undefined) {
    const path = fillPlaceholders(lock.file, filled);
    return { file: isAbsolute(path) ? path : join(filled.data, path) };
  }
  const { timeoutMs = lockDefaults.timeoutMs } = lock;
  return { command: commandOf(lock.command ?? [], placed, places), timeoutMs };
}

/** What a look at a lock found; `fault`: it could not be looked at. */
interface Look {
  readonly held: string | null;
  readonly fault?: string;
}

/** @param hanging files that an earlier look still waits for */
async function lookAt(placed: Placed, tools: DriverTools, hanging: Set<string>): Promise<Look> {
  const lock = lockOf(placed, tools);
  if (lock === null) return { held: null };
  const { component, version } = placed;
  if ('file' in lock) {
    const isThere = await isFileThere(lock.file, tools, hanging);
    if (isThere !== null) return { held: isThere ? `${lock.file} is there` : null };
    const fault = `${component} ${version}: its lock file ${lock.file} can't be looked at: no answer in ${fileLookMs} ms.`;
    return { held: null, fault };
  }
  const own = tools.layout.component(component);
  const run = {
    what: 'lock',
    command: lock.command,
    workingFolder: own.tree(placed.tree),
    environment: { XYLEM_COMPONENT: component, XYLEM_VERSION: version, XYLEM_DATA: own.data },
    timeoutMs: lock.timeoutMs,
  };
  const { fault, code, output } = await runForComponent(component, run, tools);
  const said = lastWords(output, 200);
  if (fault === null) return { held: null };
  if (code === heldCode)
    return { held: said === '' ? 'its lock command says so' : `its lock command says ${said}` };
  const words = said === '' ? 'It printed nothing.' : `It said: ${said}.`;
  return { held: null, fault: `${component} ${version}: its lock command ${fault}. ${words}` };
}

/** Null: no answer. A link counts, wherever it leads: whoever made it meant it. */
async function isFileThere(
  path: string,
  { clock, signal }: DriverTools,
  hanging: Set<string>,
): Promise<boolean | null> {
  if (hanging.has(path)) return null;
  hanging.add(path);
  const over = new AbortController();
  const look = lstat(path)
    .then(
      () => true,
      () => false,
    )
    .finally(() => hanging.delete(path));
  const late = clock.sleep(fileLookMs, AbortSignal.any([signal, over.signal])).then(
    () => null,
    () => null,
  );
  try {
    return await Promise.race([look, late]);
  } finally {
    over.abort();
  }
}
