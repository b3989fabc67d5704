import type { TableEntry } from './entry.ts';

/** Commands about keys and who signs with them. */
export const keysTable: readonly TableEntry[] = [
  {
    path: 'keys list',
    summary: 'Keys, what each signs, and how long it is valid',
    load: () => import('../../commands/keys/list.ts'),
  },
  {
    path: 'keys create',
    summary: 'Make a key on this machine, for others to trust',
    load: () => import('../../commands/keys/create.ts'),
  },
  {
    path: 'keys add',
    summary: 'Let another key sign a role',
    load: () => import('../../commands/keys/add.ts'),
  },
  {
    path: 'keys rotate',
    summary: 'Replace a key by a new one',
    load: () => import('../../commands/keys/rotate.ts'),
  },
  {
    path: 'keys revoke',
    summary: 'Take the right from a stolen key, and what it alone signed',
    load: () => import('../../commands/keys/revoke.ts'),
  },
  {
    path: 'keys export',
    summary: 'Write the public half of a key',
    load: () => import('../../commands/keys/export.ts'),
  },
  {
    path: 'keys protect',
    summary: 'Seal keys by a passphrase',
    load: () => import('../../commands/keys/protect.ts'),
  },
  {
    path: 'keys signer',
    summary: 'Sign with a key that a command holds',
    load: () => import('../../commands/keys/signer.ts'),
  },
  {
    path: 'keys take-root',
    summary: "Take an environment's root key out of the root server",
    load: () => import('../../commands/keys/take-root.ts'),
  },
  {
    path: 'operators create',
    summary: 'Make the first keys that lift quarantines in an environment',
    load: () => import('../../commands/operators/create.ts'),
  },
  {
    path: 'operators list',
    summary: 'Whose keys lift quarantines in an environment',
    load: () => import('../../commands/operators/list.ts'),
  },
  {
    path: 'operators replace',
    summary: 'Change whose keys lift quarantines, signed by those before',
    load: () => import('../../commands/operators/replace.ts'),
  },
  {
    path: 'ceremony begin',
    summary: 'Write a change of keys into a file for several to sign',
    load: () => import('../../commands/ceremony/begin.ts'),
  },
  {
    path: 'ceremony sign',
    summary: 'Add the signatures of the keys that are here',
    load: () => import('../../commands/ceremony/sign.ts'),
  },
  {
    path: 'ceremony show',
    summary: 'Say in words what a ceremony changes',
    load: () => import('../../commands/ceremony/show.ts'),
  },
  {
    path: 'ceremony finish',
    summary: 'Bring a ceremony that all signed into force',
    load: () => import('../../commands/ceremony/finish.ts'),
  },
];
