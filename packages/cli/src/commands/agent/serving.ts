import type { Log } from '@xylem/platform';
import type { RelayOptions, RunningRelay } from '@xylem/relay';

/** The relay of an agent's process: there while this host should serve, and not else. */
export interface ServingRelay {
  /** Starts or ends the relay; calls queue up, the last one wins. Rejects when it can't start for now. */
  set(serve: boolean): Promise<void>;
  readonly running: RunningRelay | undefined;
}

const retryMs = 30_000;

/**
 * The relay is loaded and started only when it is wanted. One that can't start, or ends by a fault, is tried again
 * every now and then: the agent goes on either way. `changed` is called whenever it began or ended to serve, or
 * has another fault.
 */
export function servingRelay(options: RelayOptions, log: Log, changed: () => void): ServingRelay {
  let wanted = false;
  let running: RunningRelay | undefined;
  let queue: Promise<void> = Promise.resolve();
  let pause = new AbortController();

  const start = async (): Promise<void> => {
    const { runRelay } = await import('@xylem/relay');
    const relay = await runRelay({ ...options, onFaultsChanged: changed });
    running = relay;
    relay.stopped
      .catch((error: unknown) => log.error('the relay ended', { error }))
      .finally(() => {
        if (running !== relay) return;
        running = undefined;
        changed();
        if (wanted) startLater();
      });
  };
  const change = async (): Promise<void> => {
    if (wanted === (running !== undefined)) return;
    if (wanted) {
      await start().catch((error: unknown) => {
        startLater();
        throw error;
      });
    } else {
      const relay = running;
      running = undefined;
      await relay?.close();
    }
    changed();
  };
  const inTurn = (): Promise<void> => {
    const done = queue.then(change);
    queue = done.catch(() => undefined);
    return done;
  };
  const startLater = (): void => {
    const { signal } = pause;
    options.clock
      .sleep(retryMs, signal)
      .then(inTurn)
      .catch((error: unknown) => {
        if (!signal.aborted) log.error('the relay could not start', { error });
      });
  };
  return {
    set(serve) {
      wanted = serve;
      pause.abort();
      pause = new AbortController();
      return inTurn();
    },
    get running() {
      return running;
    },
  };
}
