import type { Log } from '@xylem/platform';
import type { RelayOptions, RunningRelay } from '@xylem/relay';

/** The relay of an agent's process: there while this host should serve, and not else. */
export interface ServingRelay {
  /** Starts or ends the relay; calls queue up, the last one wins. */
  set(serve: boolean): Promise<void>;
  readonly running: RunningRelay | undefined;
}

/**
 * The relay is loaded and started only when it is wanted. One that can't start is logged and tried again at the next
 * `set`: the agent goes on either way.
 */
export function servingRelay(options: RelayOptions, log: Log): ServingRelay {
  let running: RunningRelay | undefined;
  let queue: Promise<void> = Promise.resolve();

  const change = async (serve: boolean): Promise<void> => {
    if (serve === (running !== undefined)) return;
    if (!serve) {
      await running?.close();
      running = undefined;
      return;
    }
    const { runRelay } = await import('@xylem/relay');
    const relay = await runRelay(options);
    running = relay;
    relay.stopped
      .catch((error: unknown) => log.error('the relay ended', { error }))
      .finally(() => {
        if (running === relay) running = undefined;
      });
  };
  return {
    set(serve) {
      const done = queue.then(() => change(serve));
      queue = done.catch(() => undefined);
      return done;
    },
    get running() {
      return running;
    },
  };
}
