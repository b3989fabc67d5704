import type { Reason } from '../converge/goal.ts';

/** What others changed about components, and what was passed over, until it was both reported and put right. */
export interface DriftNotes {
  add(component: string, what: string): void;
  /** A hook of the version that went failed. */
  passedOver(component: string, message: string): void;
  /** For a report. */
  say(): readonly (readonly [component: string, reason: Reason])[];
  /** These are right again; whether any was said and is now done with. */
  settled(isRight: (component: string) => boolean): boolean;
}

interface Note {
  readonly component: string;
  readonly reason: Reason;
  said: boolean;
}

export function driftNotes(): DriftNotes {
  /** By component and code. */
  const notes = new Map<string, Note>();
  const put = (component: string, reason: Reason): void => {
    notes.set(`${component} ${reason.code}`, { component, reason, said: false });
  };
  return {
    add: (component, what) => {
      // The first says more: a sweep names the file, the plan after it only the tree.
      if (notes.get(`${component} E_DRIFT`)?.said === false) return;
      const message = `${component} was changed on this host by something else: ${what}. It is put back.`;
      put(component, { code: 'E_DRIFT', message });
    },
    passedOver: (component, message) => put(component, { code: 'E_HOOK_FAILED', message }),
    say: () => {
      for (const note of notes.values()) note.said = true;
      return [...notes.values()].map(({ component, reason }) => [component, reason] as const);
    },
    settled: (isRight) => {
      const done = [...notes].filter(([, { component, said }]) => said && isRight(component));
      for (const [key] of done) notes.delete(key);
      return done.length > 0;
    },
  };
}
