import { readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Log, syncFolder } from '@xylem/platform';
import { finishMove, type Leaving, leavingOf } from '@xylem/trust';
import { codedFault } from '../converge/faults.ts';
import { carry } from '../direction/carried.ts';
import { endContainers } from '../drivers/container/end.ts';
import { takeSealedFilesBack } from '../drivers/files/leave.ts';
import type { StateLayout } from '../state/layout.ts';
import { endServices } from './services.ts';

/** What is wiped on a host that goes to another tenant, in this order (docs/spec/moves.md). */
export const wipeSteps = ['services', 'secrets', 'direction', 'reports', 'data', 'relay'] as const;
export type WipeStep = (typeof wipeSteps)[number];
/** `begin`: nothing has been done of it; `end`: all of it. `identity`: the files that say whose the host is. */
export type WipePoint = `${WipeStep | 'identity'}/${'begin' | 'end'}`;

export interface WipeTools {
  readonly layout: StateLayout;
  readonly clock: Clock;
  readonly log: Log;
  /** For crash tests: called, and awaited, at each point. */
  readonly onPoint?: ((point: WipePoint) => void | Promise<void>) | undefined;
}

/**
 * Finishes a move to another tenant that this host has begun, if there is one: what it was given in confidence goes, then
 * it is a member of the new environment. To be called by who holds the lock, before anything else is read: each step can
 * be repeated, and `identity/move.json` goes last, so that one that was cut off is done again.
 * @throws XylemError what keeps it from being finished: then nothing of the new tenant may start
 */
export async function finishLeaving(tools: WipeTools): Promise<void> {
  const { layout } = tools;
  const leaving = await leavingOf(layout.identity);
  if (leaving === null) return;
  try {
    await finish(tools, leaving);
  } catch (error) {
    throw codedFault(error, 'wiping what the former tenant left');
  }
}

async function finish(tools: WipeTools, leaving: Leaving): Promise<void> {
  const { layout, log, onPoint } = tools;
  log.info('leaves its tenant', { environment: leaving.environment.id, keepData: leaving.keepData });
  for (const step of wipeSteps) {
    await onPoint?.(`${step}/begin`);
    await wipes[step](tools, leaving);
    await onPoint?.(`${step}/end`);
  }
  for (const folder of [layout.identity, layout.trust, layout.root]) await syncFolder(folder);
  await onPoint?.('identity/begin');
  await finishMove(layout.identity, { wiped: true });
  await onPoint?.('identity/end');
  log.info('left its tenant: nothing that was sealed is kept', { environment: leaving.environment.id });
}

const wipes: Readonly<Record<WipeStep, (tools: WipeTools, leaving: Leaving) => Promise<void>>> = {
  services: async (tools, { keepData }) => {
    await endServices(tools, ({ spec }) => !keepData || Object.keys(spec.sealed ?? {}).length > 0);
    await endContainers(tools.layout, ({ sealed }) => !keepData || sealed);
  },
  secrets: async (tools) => {
    const { layout } = tools;
    await takeSealedFilesBack(tools);
    await remove(join(layout.root, 'agent', 'before'));
    // With the host's own age identity: what was ever wrapped for it, and lies in copies of the repository, opens no more.
    for (const name of ['secrets.key', 'data-keys.json', 'recipient.json'])
      for (const end of ['', '.damaged']) await remove(join(layout.identity, `${name}${end}`));
  },
  direction: async ({ layout, log }, { releases }) => {
    await carry(layout.accepted, layout.trust, log);
    await remove(layout.accepted);
    await remove(`${layout.accepted}.damaged`);
    await remove(layout.learned);
    for (const name of await list(layout.documents)) {
      if (!(await isPublishers(join(layout.documents, name)))) await remove(join(layout.documents, name));
    }
    // All direction: it may have lived in several environments of the tenant.
    for (const name of await list(layout.trust)) {
      if (name !== 'carried.json' && !releases.includes(name)) await remove(join(layout.trust, name));
    }
  },
  reports: async ({ layout }) => {
    await remove(join(layout.reports, 'newest.json'));
    // What jobs of the former tenant printed.
    await remove(layout.jobs);
    await remove(layout.ahead);
  },
  data: async ({ layout }, { keepData }) => {
    if (keepData) return;
    // Backups of databases are data like any other.
    await remove(layout.migrations);
    for (const component of await list(layout.components)) await remove(layout.component(component).data);
    for (const name of await list(layout.logs)) {
      // Emptied, not removed: who writes it may go on.
      if (/\.log(\.1)?$/.test(name)) await truncate(join(layout.logs, name), 0).catch(() => undefined);
    }
  },
  relay: ({ layout }) => remove(join(layout.root, 'relay')),
};

/** What publishers signed for whoever installs it; the rest of the documents is the old environment's. */
async function isPublishers(path: string): Promise<boolean> {
  try {
    const { format } = JSON.parse(await readFile(path, 'utf8')) as { format?: unknown };
    return /^xylem-(package-[12]|release-1)$/.test(String(format));
  } catch {
    return false;
  }
}

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });
const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
