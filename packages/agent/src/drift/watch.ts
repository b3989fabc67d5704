import { join } from 'node:path';
import type { Clock, Log, Randomness } from '@xylem/platform';
import type { ObservedSlot } from '../slot/observed.ts';
import type { StateLayout } from '../state/layout.ts';
import { doubt } from './doubt.ts';
import { seenFile, sweepTree } from './sweep.ts';
import { entryFault, type InstalledTree, type TreeFault, treeFault } from './verify-tree.ts';

/** Looks, rarely, whether somebody changed what was installed. */
export interface DriftWatch {
  /** Until the signal ends it. */
  run(slots: () => ReadonlyMap<string, ObservedSlot>): Promise<void>;
  /** Doubts the trees in which a change was found, if it is still there. To be called while nothing else acts on them. */
  settle(found: (component: string, what: string) => void): Promise<void>;
  /** Leaves them as they are. @returns what is changed, by component, as the last look at each found it */
  leave(): Promise<ReadonlyMap<string, LeftAlone>>;
}

/** A change that stays. */
export interface LeftAlone {
  /** The tree that it was found in. */
  readonly tree: string;
  readonly what: string;
}

export interface DriftOptions {
  readonly layout: StateLayout;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** From the end of one look to the next; the first comes after a sixtieth of it. */
  readonly everyMs: number;
  /** A look takes at most this share of the time, however many files there are. */
  readonly share: number;
  /** Something was found. */
  readonly changed: () => void;
}

/** A program that changes its own files is not restarted for ever: the pause doubles up to so many periods. */
const mostPeriods = 32;

interface Suspect extends InstalledTree {
  readonly fault: TreeFault;
}

export function driftWatch(options: DriftOptions): DriftWatch {
  const { layout, clock, randomness, log, signal, everyMs, share, changed } = options;
  const suspects = new Map<string, Suspect>();
  /** What was left as it is, and of which tree. */
  const left = new Map<string, LeftAlone>();
  /** Components in which a change was found: how often, and until when they are left alone. */
  const repeated = new Map<string, { readonly times: number; readonly untilMs: number }>();

  const sweep = async ({ component, record, trees }: ObservedSlot): Promise<void> => {
    const tree = record?.installed?.tree;
    if (left.get(component)?.tree !== tree) left.delete(component);
    if (tree === undefined || !trees.includes(tree)) return;
    if ((repeated.get(component)?.untilMs ?? 0) > clock.monotonicMs()) return;
    const own = layout.component(component);
    const installed = { folder: own.tree(tree), textPath: own.text(tree), tree };
    const fault = await sweepTree(installed, seenFile(own.seen, log), { clock, signal });
    if (fault === null) {
      if (left.delete(component)) changed();
      return;
    }
    suspects.set(component, { ...installed, fault });
    changed();
  };

  return {
    run: async (slots) => {
      let pauseMs = everyMs / 60;
      while (!signal.aborted) {
        await clock.sleep(pauseMs * (0.75 + randomness.fraction() / 2), signal).catch(() => undefined);
        if (signal.aborted) return;
        const startedMs = clock.monotonicMs();
        for (const slot of slots().values()) {
          try {
            await sweep(slot);
          } catch (cause) {
            if (signal.aborted) return;
            log.warn('tree not looked at', { component: slot.component, cause });
          }
        }
        pauseMs = Math.max(everyMs, (clock.monotonicMs() - startedMs) / share);
      }
    },
    settle: async (found) => {
      left.clear();
      for (const [component, suspect] of suspects) {
        suspects.delete(component);
        // An update may have replaced the tree while it was looked at.
        const what = await stillThere(suspect);
        if (what === null) continue;
        const times = (repeated.get(component)?.times ?? 0) + 1;
        const leftAloneMs = everyMs * Math.min(2 ** (times - 1), mostPeriods) * 0.5;
        repeated.set(component, { times, untilMs: clock.monotonicMs() + leftAloneMs });
        log.warn('installed files were changed', { component, what, times });
        await doubt(suspect.textPath);
        found(component, what);
      }
    },
    leave: async () => {
      for (const [component, suspect] of suspects) {
        suspects.delete(component);
        const what = await stillThere(suspect);
        if (what === null) continue;
        if (left.get(component)?.what !== what)
          log.warn('installed files were changed, and stay so', { component, what });
        left.set(component, { tree: suspect.tree, what });
      }
      return left;
    },
  };
}

async function stillThere({ folder, textPath, tree, fault }: Suspect): Promise<string | null> {
  const { entry, what } = fault;
  if (entry === null) {
    return await treeFault({ folder, textPath, tree }).catch(() => null);
  }
  const now = await entryFault(join(folder, entry.path), entry, Number.NEGATIVE_INFINITY);
  return now === null ? null : what;
}
