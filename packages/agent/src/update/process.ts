import { rm } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { agentComponent, type Digest, isDigest } from '@xylem/core';
import type { Log } from '@xylem/platform';
import type { StateLayout } from '../state/layout.ts';
import { type FailedTrial, type Trial, updateFiles } from './files.ts';
import { restoreSnapshot, takeSnapshot, triedAfter } from './snapshot.ts';

/** The agent's own process, as far as it can be replaced by another version. */
export interface AgentProcess {
  /** The tree that it runs from; null: it was installed by hand. */
  tree(): Digest | null;
  /** A launcher started it, so that it can be replaced. */
  readonly isLaunched: boolean;
  /** Nobody has confirmed it yet. */
  readonly isOnTrial: boolean;
  /** Whether a parent took a report of this very process. */
  hasReported(): boolean;
  failed(): Promise<FailedTrial | null>;
  /** Ends this process in favour of another version. @throws the reason by which it ends */
  handOver(trial: Trial): Promise<void>;
}

/** The one that really runs, also for its own confirmation. */
export interface LaunchedProcess extends AgentProcess {
  /** Before anything of the state folder is read: undoes what a version that was given up has left there. */
  settle(): Promise<void>;
  reportMade(): Promise<void>;
  reportTaken(): void;
  /** This version is good: from now on it is the one to start. */
  confirm(): Promise<void>;
}

export interface LaunchedFrom {
  /** What XYLEM_AGENT said: the executable's path, or `base`; undefined without a launcher. */
  readonly executable: string | undefined;
  /** XYLEM_TRIAL, empty: not on trial. */
  readonly trial: string;
}

/**
 * What the launcher told this process by its environment. Taken out of it: who carries the launcher's mark is ended with
 * the agent, and what the agent starts must not be.
 */
export function launchedFrom(environment: NodeJS.ProcessEnv): LaunchedFrom {
  const { XYLEM_LAUNCHER, XYLEM_AGENT, XYLEM_TRIAL = '' } = environment;
  for (const name of ['XYLEM_LAUNCHER', 'XYLEM_AGENT', 'XYLEM_TRIAL']) delete environment[name];
  return XYLEM_LAUNCHER === undefined || XYLEM_AGENT === undefined
    ? { executable: undefined, trial: '' }
    : { executable: XYLEM_AGENT, trial: XYLEM_TRIAL };
}

/** @param end ends the agent's loops @returns the reason by which they end */
export function agentProcess(
  layout: StateLayout,
  from: LaunchedFrom,
  log: Log,
  end: (why: string) => Error,
): LaunchedProcess {
  const files = updateFiles(layout.root);
  const tree = from.executable === undefined ? null : treeOf(from.executable, layout);
  const isOnTrial = from.trial !== '';
  let hasReported = false;
  let isReady = false;
  return {
    tree: () => tree,
    isLaunched: from.executable !== undefined,
    isOnTrial,
    hasReported: () => hasReported,
    failed: files.failed,
    handOver: async (trial) => {
      await takeSnapshot(layout, files.snapshot, trial.executable);
      await files.writeTrial(trial);
      log.info('makes room for another version of the agent', { ...trial });
      throw end('Another version of the agent is tried.');
    },
    settle: async () => {
      // On trial, or between a verdict and the launcher's next look, the snapshot is still needed.
      if (isOnTrial || (await files.trial()) !== null) return;
      const tried = await triedAfter(files.snapshot);
      // What was confirmed since wrote what is to stay.
      if (tried !== null && tried === (await files.confirmed()))
        await rm(files.snapshot, { recursive: true, force: true });
      else await restoreSnapshot(layout, files.snapshot, log);
    },
    reportMade: async () => {
      if (!isOnTrial || isReady) return;
      await files.writeReady();
      isReady = true;
    },
    reportTaken: () => {
      hasReported = true;
    },
    confirm: async () => {
      await files.writeConfirmed(from.executable ?? 'base');
      log.info('this version of the agent is confirmed', { executable: from.executable });
      throw end('This version of the agent is confirmed, and starts again as such.');
    },
  };
}

/** The agent of this folder as who only looks at it sees it. */
export function agentBeside(layout: StateLayout, refuse: () => Promise<never>): AgentProcess {
  const files = updateFiles(layout.root);
  return {
    tree: () => treeOf(files.confirmedNow() ?? 'base', layout),
    isLaunched: true,
    isOnTrial: files.isTrialNow(),
    hasReported: () => false,
    failed: files.failed,
    handOver: refuse,
  };
}

function treeOf(executable: string, layout: StateLayout): Digest | null {
  const { trees } = layout.component(agentComponent);
  const [digest = ''] = relative(trees, executable).split(sep);
  return isDigest(digest) ? digest : null;
}
