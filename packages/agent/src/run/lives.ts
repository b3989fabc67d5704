import type { RunningAgent } from '../options.ts';

/** One life of an agent: from its start until it ends, or is to begin anew as a member of another environment. */
export interface Life extends RunningAgent {
  /** It ended because the host lives elsewhere now. */
  hasMoved(): boolean;
}

/** Lives one after another as one agent. Services outlive each of them. */
export async function livesOf(
  begin: () => Promise<Life>,
  release: () => Promise<void>,
): Promise<RunningAgent> {
  let life = await begin();
  let isStopping = false;
  const run = async (): Promise<void> => {
    try {
      for (;;) {
        await life.stopped;
        if (!life.hasMoved() || isStopping) return;
        life = await begin();
        // It may have been asked to end in between.
        if (isStopping) await life.stop();
      }
    } finally {
      await release();
    }
  };
  const stopped = run();
  stopped.catch(() => undefined);
  return {
    get host() {
      return life.host;
    },
    get environment() {
      return life.environment;
    },
    stopped,
    stop: async () => {
      isStopping = true;
      await life.stop();
      await stopped;
    },
    reportSoon: () => life.reportSoon(),
    parents: () => life.parents(),
    status: () => life.status(),
  };
}
