import type { TableEntry } from './entry.ts';

/** Commands about the root server itself, where it runs. */
export const rootsTable: readonly TableEntry[] = [
  {
    path: 'root init',
    summary: 'Make the state folder and keys of a root server',
    load: () => import('../../commands/root/init.ts'),
  },
  {
    path: 'root run',
    summary: 'Run a root server, with TLS for nodes beyond loopback',
    load: () => import('../../commands/root/run.ts'),
  },
  {
    path: 'root token',
    summary: 'Make a new operator token from the state folder',
    load: () => import('../../commands/root/token.ts'),
  },
  {
    path: 'root backup',
    summary: 'Write a backup while the root server runs',
    load: () => import('../../commands/root/backup.ts'),
  },
  {
    path: 'store show',
    summary: 'What products have at the root server, and what of it is there once for many',
    load: () => import('../../commands/store/show.ts'),
  },
  {
    path: 'store quota',
    summary: 'Bound what a product may have at the root server',
    load: () => import('../../commands/store/quota.ts'),
  },
  {
    path: 'store gc',
    summary: 'Remove content of retired releases that no host runs',
    load: () => import('../../commands/store/gc.ts'),
  },
  {
    path: 'store verify',
    summary: "Read a root server's or relay's objects, and find what a disk damaged",
    load: () => import('../../commands/store/verify.ts'),
  },
  {
    path: 'root restore',
    summary: 'Make a state folder from a backup',
    load: () => import('../../commands/root/restore.ts'),
  },
  {
    path: 'root difference',
    summary: 'After a restore: what hosts run beside what the backup says',
    load: () => import('../../commands/root/difference.ts'),
  },
  {
    path: 'root confirm',
    summary: 'After a restore: confirm the difference and go on',
    load: () => import('../../commands/root/confirm.ts'),
  },
  {
    path: 'root four-eyes',
    summary: 'Whether some changes take two people, and switch that on or off',
    load: () => import('../../commands/root/four-eyes.ts'),
  },
];
