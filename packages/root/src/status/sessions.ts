import type { Clock, Randomness } from '@xylem/platform';

/** Sessions of the status page, in memory: after a restart one shows the token again. */
export interface Sessions {
  open(): string;
  isOpen(id: string | null): boolean;
}

const lifetimeMs = 12 * 3600_000;
const maxSessions = 1000;

export function createSessions({ clock, randomness }: { clock: Clock; randomness: Randomness }): Sessions {
  const ends = new Map<string, number>();
  return {
    open: () => {
      for (const [id, end] of ends) if (end <= clock.now() || ends.size >= maxSessions) ends.delete(id);
      const id = randomness.bytes(32).toString('base64url');
      ends.set(id, clock.now() + lifetimeMs);
      return id;
    },
    isOpen: (id) => id !== null && (ends.get(id) ?? 0) > clock.now(),
  };
}
