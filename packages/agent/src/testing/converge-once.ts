import { cp, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTree } from '@xylem/core';
import { type Log, systemClock } from '@xylem/platform';
import { testMain } from '@xylem/testkit';
import { currentAdoption } from '../adopt/current.ts';
import { type Convergence, converger } from '../converge/converge.ts';
import type { JournalPoint } from '../converge/points.ts';
import type { SlotPlan } from '../converge/steps.ts';
import type { Accepted, WantedState } from '../direction/wanted.ts';
import { drivers } from '../drivers/index.ts';
import { stateLayout } from '../state/layout.ts';
import { type Supervisor, supervisorClient } from '../supervisor/client.ts';
import { harnessProcess } from './harness-process.ts';

/** One pass towards the state in `wantedPath`, whose trees are copied from the folder that it names. */
export async function convergeOnce(
  stateFolder: string,
  wantedPath: string,
  log: Log,
  seams: {
    readonly onJournalPoint?: (point: JournalPoint) => void | Promise<void>;
    readonly passedOver?: (component: string, message: string) => void;
    readonly lockAtMostMs?: () => number | undefined;
    readonly onPlan?: (plan: SlotPlan) => void;
    /** Default: the built-in one. */
    readonly supervisor?: Supervisor;
    /** What sealed values of its configuration open to, by key; default: none. */
    readonly opened?: Readonly<Record<string, string>>;
  } = {},
): Promise<Convergence> {
  const clock = systemClock;
  const wanted = JSON.parse(await readFile(wantedPath, 'utf8')) as WantedState & {
    fixtures: string;
    entry?: Accepted['entry'];
  };
  const end = new AbortController();
  const main = testMain(new URL('supervisor-main.ts', import.meta.url));
  const forwarder = testMain(new URL('forwarder-main.ts', import.meta.url));
  const builtIn = supervisorClient({
    stateFolder,
    command: [process.execPath, main, stateFolder],
    clock,
    log,
    changed: () => undefined,
  });
  const supervisor = seams.supervisor ?? builtIn;
  const tools = {
    layout: stateLayout(stateFolder),
    node: process.execPath,
    supervisor,
    self: harnessProcess(stateFolder),
    forwarderCommand: [process.execPath, forwarder, stateFolder],
    secrets: { open: async () => new Map(Object.entries(seams.opened ?? {})) },
    clock,
    log,
    signal: end.signal,
    drivers,
    /** As the store does: text first, the folder by a rename. */
    fetchTree: async ({ tree, into }: { tree: string; into: string }) => {
      await cp(join(wanted.fixtures, `${tree}.tree`), `${into}.tree`);
      await cp(join(wanted.fixtures, tree), `${into}.part`, { recursive: true });
      await rename(`${into}.part`, into);
    },
  };
  const accepted = { ...wanted, entry: wanted.entry ?? { labels: {} } } as unknown as Accepted;
  const adoption = await currentAdoption({
    tools,
    accepted: () => accepted,
    entriesOf: async ({ tree }) => parseTree(await readFile(join(wanted.fixtures, `${tree}.tree`))),
  });
  try {
    await adoption.look();
    return await converger({
      tools,
      slotRetryMs: 60_000,
      fraction: () => 0.5,
      onJournalPoint: seams.onJournalPoint,
      passedOver: seams.passedOver,
      gate: (plan, slots) => adoption.gate(wanted)(plan, slots),
      ended: async (plan, error) => {
        await adoption.ended(plan, error);
      },
      lockAtMostMs: seams.lockAtMostMs,
    }).run(() => wanted, seams.onPlan ?? (() => undefined));
  } finally {
    end.abort();
    supervisor.close();
  }
}
