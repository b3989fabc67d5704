import type { TableEntry } from './entry.ts';

/** Commands about which root server is asked, and as whom. */
export const contextsTable: readonly TableEntry[] = [
  {
    path: 'login',
    summary: 'Remember a root server, by a token or as a person',
    load: () => import('../../commands/login/login.ts'),
  },
  {
    path: 'logout',
    summary: 'End the session of `xylem login --as`',
    load: () => import('../../commands/login/logout.ts'),
  },
  {
    path: 'context list',
    summary: 'The root servers that are remembered here',
    load: () => import('../../commands/context/list.ts'),
  },
  {
    path: 'context use',
    summary: 'Choose which remembered root server is asked',
    load: () => import('../../commands/context/use.ts'),
  },
];
