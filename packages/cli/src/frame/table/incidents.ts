import type { TableEntry } from './entry.ts';

/** Commands about what needs a person. */
export const incidentsTable: readonly TableEntry[] = [
  {
    path: 'incident list',
    summary: 'What needs a person, the newest first',
    load: () => import('../../commands/incident/list.ts'),
  },
  {
    path: 'incident show',
    summary: 'One incident: who shows it, and what happened to it',
    load: () => import('../../commands/incident/show.ts'),
  },
  {
    path: 'incident acknowledge',
    summary: 'Say that you look at an incident',
    load: () => import('../../commands/incident/acknowledge.ts'),
  },
  {
    path: 'incident assign',
    summary: 'Say who looks after an incident',
    load: () => import('../../commands/incident/assign.ts'),
  },
  {
    path: 'incident note',
    summary: "Write something into an incident's history",
    load: () => import('../../commands/incident/note.ts'),
  },
  {
    path: 'incident close',
    summary: 'Close an incident though evidence has not',
    load: () => import('../../commands/incident/close.ts'),
  },
];
