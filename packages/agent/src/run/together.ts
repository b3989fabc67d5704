/** Loops that live and end together. */
export interface Together {
  /** Asks all of them to end. */
  end(): void;
  /** Settles when all have ended and everything is closed; rejects with the fault of the first that failed. */
  readonly ended: Promise<void>;
}

/** Runs the loops until `over` is aborted: by `end`, by the outer signal, or because one of them failed. */
export function together(options: {
  readonly over: AbortController;
  readonly outer: AbortSignal | undefined;
  /** The reason that loops see when they are asked to end. */
  readonly interrupted: Error;
  readonly loops: readonly (() => Promise<void>)[];
  readonly close: () => Promise<void>;
}): Together {
  const { over, outer, interrupted, close } = options;
  const end = (): void => over.abort(interrupted);
  outer?.addEventListener('abort', end, { once: true });
  if (outer?.aborted === true) end();
  const loops = options.loops.map((run) => run());
  const untilEnd = async (loop: Promise<void>): Promise<void> =>
    await loop.catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
  const finish = async (): Promise<void> => {
    try {
      await Promise.all(loops.map(untilEnd));
    } finally {
      end();
      await Promise.allSettled(loops);
      outer?.removeEventListener('abort', end);
      await close();
    }
  };
  const ended = finish();
  ended.catch(() => undefined);
  return { end, ended };
}
