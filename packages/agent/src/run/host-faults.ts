import type { XylemError } from '@xylem/core';

/** What of the agent's work can fail for the whole host. */
export type HostWork =
  | 'direction'
  | 'behind'
  | 'full'
  | 'converging'
  | 'certificate'
  | 'parents'
  | 'move'
  | 'quarantine'
  | 'reparent';

/** What keeps this host from its work now, one fault for each kind of work. */
export interface HostFaults {
  /** Null: it goes well again. */
  set(what: HostWork, fault: XylemError | null): void;
  all(): XylemError[];
}

/** @param changed a fault came, went, or became another */
export function hostFaults(changed: () => void): HostFaults {
  const faults = new Map<HostWork, XylemError>();
  return {
    set: (what, fault) => {
      const before = faults.get(what)?.code;
      if (fault === null) faults.delete(what);
      else faults.set(what, fault);
      // A full relay says so itself: its children need not, all at the same moment.
      if (before !== fault?.code && what !== 'full') changed();
    },
    all: () => [...faults.values()],
  };
}
