import type { Reason } from '../converge/goal.ts';

/** What others changed about components, until it was both reported and put right. */
export interface DriftNotes {
  add(component: string, what: string): void;
  /** For a report. */
  say(): ReadonlyMap<string, Reason>;
  /** These are right again; whether any was said and is now done with. */
  settled(isRight: (component: string) => boolean): boolean;
}

export function driftNotes(): DriftNotes {
  const notes = new Map<string, Reason & { said: boolean }>();
  return {
    add: (component, what) => {
      // The first says more: a sweep names the file, the plan after it only the tree.
      if (notes.get(component)?.said === false) return;
      const message = `${component} was changed on this host by something else: ${what}. It is put back.`;
      notes.set(component, { code: 'E_DRIFT', message, said: false });
    },
    say: () => {
      for (const note of notes.values()) note.said = true;
      return new Map([...notes].map(([component, { code, message }]) => [component, { code, message }]));
    },
    settled: (isRight) => {
      const done = [...notes].filter(([component, { said }]) => said && isRight(component));
      for (const [component] of done) notes.delete(component);
      return done.length > 0;
    },
  };
}
