/**
 * Runs `work` one at a time. Who asks while it runs gets the run after it, shared by all who asked: so each asker
 * sees a run that began after its asking, and a thousand askers cost two runs.
 */
export function singleFlight(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const start = (): Promise<void> => {
    const run = work().finally(() => {
      if (running === run) running = null;
    });
    running = run;
    return run;
  };
  return () => {
    // Who asks between the end of one run and the begin of the next gets that next one.
    if (next !== null) return next;
    if (running === null) return start();
    next = running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return start();
      });
    return next;
  };
}
