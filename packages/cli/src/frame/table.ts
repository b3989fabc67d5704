import type { Command } from './define.ts';
import { peopleTable } from './people-table.ts';

export interface TableEntry {
  /** Noun and verb, as typed. */
  readonly path: string;
  /** One line, without a full stop. */
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** Every command. Its module is loaded only when it is the one that was asked for. */
export const commandTable: readonly TableEntry[] = [
  {
    path: 'start',
    summary: 'Run a root server here, on loopback, and say what to type next',
    load: () => import('../commands/start/start.ts'),
  },
  {
    path: 'status',
    summary: 'The fleet at a glance',
    load: () => import('../commands/fleet/status.ts'),
  },
  {
    path: 'deploy',
    summary: 'Send a release to environments',
    load: () => import('../commands/deployment/deploy.ts'),
  },
  {
    path: 'rollback',
    summary: 'Bring environments back to the release before',
    load: () => import('../commands/deployment/rollback.ts'),
  },
  {
    path: 'undeploy',
    summary: 'Remove a product from environments',
    load: () => import('../commands/deployment/undeploy.ts'),
  },
  {
    path: 'where',
    summary: 'Which versions of a product run where',
    load: () => import('../commands/fleet/where.ts'),
  },
  {
    path: 'topology',
    summary: 'The tree of relays and hosts, as reported',
    load: () => import('../commands/fleet/topology.ts'),
  },
  {
    path: 'package init',
    summary: 'Write a first xylem.yaml for a folder',
    load: () => import('../commands/package/init.ts'),
  },
  {
    path: 'package publish',
    summary: 'Make a folder a package version that you vouch for',
    load: () => import('../commands/package/publish.ts'),
  },
  {
    path: 'package list',
    summary: 'Packages of a product',
    load: () => import('../commands/package/list.ts'),
  },
  {
    path: 'product create',
    summary: 'Create a product and the key that signs it',
    load: () => import('../commands/product/create.ts'),
  },
  {
    path: 'product list',
    summary: 'Products',
    load: () => import('../commands/product/list.ts'),
  },
  {
    path: 'product floor',
    summary: 'Raise the lowest version that hosts still take',
    load: () => import('../commands/product/floor.ts'),
  },
  {
    path: 'release create',
    summary: 'Sign a set of packages as a release',
    load: () => import('../commands/release/create.ts'),
  },
  {
    path: 'release list',
    summary: 'Releases of a product, newest first',
    load: () => import('../commands/release/list.ts'),
  },
  {
    path: 'release show',
    summary: 'One release with its packages',
    load: () => import('../commands/release/show.ts'),
  },
  {
    path: 'release delegate',
    summary: 'Let a build sign releases by a key of its own, for a time',
    load: () => import('../commands/release/delegate.ts'),
  },
  {
    path: 'release attest',
    summary: 'Attach signed statements about a release: provenance, tests, scans',
    load: () => import('../commands/release/attest.ts'),
  },
  {
    path: 'release retire',
    summary: 'Let go of old releases: hosts keep them, none takes them anew',
    load: () => import('../commands/release/retire.ts'),
  },
  {
    path: 'release withdraw',
    summary: 'Say that a release must not be installed',
    load: () => import('../commands/release/withdraw.ts'),
  },
  {
    path: 'release restore',
    summary: 'Vouch for a withdrawn or retired release again',
    load: () => import('../commands/release/restore.ts'),
  },
  {
    path: 'channel set',
    summary: 'Point a channel to a release',
    load: () => import('../commands/channel/set.ts'),
  },
  {
    path: 'channel list',
    summary: 'Channels of a product',
    load: () => import('../commands/channel/list.ts'),
  },
  {
    path: 'env create',
    summary: 'Create an environment',
    load: () => import('../commands/env/create.ts'),
  },
  {
    path: 'env list',
    summary: 'Environments',
    load: () => import('../commands/env/list.ts'),
  },
  {
    path: 'env show',
    summary: "An environment's YAML",
    load: () => import('../commands/env/show.ts'),
  },
  {
    path: 'env edit',
    summary: "Edit an environment's YAML",
    load: () => import('../commands/env/edit.ts'),
  },
  {
    path: 'env apply',
    summary: "Replace an environment's YAML by a file",
    load: () => import('../commands/env/apply.ts'),
  },
  {
    path: 'secret list',
    summary: 'Sealed values of an environment, and which hosts wait for the key',
    load: () => import('../commands/secret/list.ts'),
  },
  {
    path: 'secret set',
    summary: 'Seal a value for the hosts of an environment',
    load: () => import('../commands/secret/set.ts'),
  },
  {
    path: 'secret remove',
    summary: 'Remove a sealed value',
    load: () => import('../commands/secret/remove.ts'),
  },
  {
    path: 'secret rotate',
    summary: 'Seal everything anew by another key',
    load: () => import('../commands/secret/rotate.ts'),
  },
  {
    path: 'secret wrap',
    summary: 'Give the key to hosts that joined since',
    load: () => import('../commands/secret/wrap.ts'),
  },
  {
    path: 'token create',
    summary: 'Create a token by which hosts join',
    load: () => import('../commands/token/create.ts'),
  },
  {
    path: 'token list',
    summary: 'Join tokens that still work',
    load: () => import('../commands/token/list.ts'),
  },
  {
    path: 'token revoke',
    summary: 'Make a join token useless',
    load: () => import('../commands/token/revoke.ts'),
  },
  {
    path: 'join',
    summary: 'Make this machine a host of an environment',
    load: () => import('../commands/host/join.ts'),
  },
  {
    path: 'agent run',
    summary: 'Run the agent of a joined host',
    load: () => import('../commands/agent/run.ts'),
  },
  {
    path: 'agent rotate-key',
    summary: 'Give this host another key',
    load: () => import('../commands/agent/rotate-key.ts'),
  },
  {
    path: 'agent stop',
    summary: 'End the services of a host whose agent has ended',
    load: () => import('../commands/agent/stop.ts'),
  },
  {
    path: 'host list',
    summary: 'Hosts that a selector fits',
    load: () => import('../commands/host/list.ts'),
  },
  {
    path: 'host show',
    summary: 'One host: what it runs and should run',
    load: () => import('../commands/host/show.ts'),
  },
  {
    path: 'host why',
    summary: 'Why a host is not where it should be',
    load: () => import('../commands/host/why.ts'),
  },
  {
    path: 'host label',
    summary: 'Set and remove labels',
    load: () => import('../commands/host/label.ts'),
  },
  {
    path: 'host configure',
    summary: 'Configure a component on single hosts',
    load: () => import('../commands/host/configure.ts'),
  },
  {
    path: 'host move',
    summary: 'Give hosts other parents',
    load: () => import('../commands/host/move.ts'),
  },
  {
    path: 'host serve',
    summary: 'Make hosts relays, or plain hosts again',
    load: () => import('../commands/host/serve.ts'),
  },
  {
    path: 'host revoke',
    summary: 'Let no node speak with hosts any more',
    load: () => import('../commands/host/revoke.ts'),
  },
  {
    path: 'host replace',
    summary: 'Give the place of a host to its successor',
    load: () => import('../commands/host/replace.ts'),
  },
  {
    path: 'host clear-clone',
    summary: 'Say that one machine alone has the key of a host',
    load: () => import('../commands/host/clear-clone.ts'),
  },
  {
    path: 'host retire',
    summary: 'Take hosts out of service',
    load: () => import('../commands/host/retire.ts'),
  },
  {
    path: 'deployment list',
    summary: 'Deployments, newest first',
    load: () => import('../commands/deployment/list.ts'),
  },
  {
    path: 'deployment show',
    summary: 'One deployment and what happened',
    load: () => import('../commands/deployment/show.ts'),
  },
  {
    path: 'deployment pause',
    summary: 'Admit no more hosts',
    load: () => import('../commands/deployment/pause.ts'),
  },
  {
    path: 'deployment resume',
    summary: 'Go on with a paused deployment',
    load: () => import('../commands/deployment/resume.ts'),
  },
  {
    path: 'deployment abort',
    summary: 'Stop a deployment for good; hosts stay as they are',
    load: () => import('../commands/deployment/abort.ts'),
  },
  {
    path: 'keys list',
    summary: 'Keys, what each signs, and how long it is valid',
    load: () => import('../commands/keys/list.ts'),
  },
  {
    path: 'keys create',
    summary: 'Make a key on this machine, for others to trust',
    load: () => import('../commands/keys/create.ts'),
  },
  {
    path: 'keys add',
    summary: 'Let another key sign a role',
    load: () => import('../commands/keys/add.ts'),
  },
  {
    path: 'keys rotate',
    summary: 'Replace a key by a new one',
    load: () => import('../commands/keys/rotate.ts'),
  },
  {
    path: 'keys revoke',
    summary: 'Take the right from a stolen key, and what it alone signed',
    load: () => import('../commands/keys/revoke.ts'),
  },
  {
    path: 'keys export',
    summary: 'Write the public half of a key',
    load: () => import('../commands/keys/export.ts'),
  },
  {
    path: 'keys protect',
    summary: 'Seal keys by a passphrase',
    load: () => import('../commands/keys/protect.ts'),
  },
  {
    path: 'keys signer',
    summary: 'Sign with a key that a command holds',
    load: () => import('../commands/keys/signer.ts'),
  },
  {
    path: 'keys take-root',
    summary: "Take an environment's root key out of the root server",
    load: () => import('../commands/keys/take-root.ts'),
  },
  {
    path: 'ceremony begin',
    summary: 'Write a change of keys into a file for several to sign',
    load: () => import('../commands/ceremony/begin.ts'),
  },
  {
    path: 'ceremony sign',
    summary: 'Add the signatures of the keys that are here',
    load: () => import('../commands/ceremony/sign.ts'),
  },
  {
    path: 'ceremony show',
    summary: 'Say in words what a ceremony changes',
    load: () => import('../commands/ceremony/show.ts'),
  },
  {
    path: 'ceremony finish',
    summary: 'Bring a ceremony that all signed into force',
    load: () => import('../commands/ceremony/finish.ts'),
  },
  {
    path: 'root init',
    summary: 'Make the state folder and keys of a root server',
    load: () => import('../commands/root/init.ts'),
  },
  {
    path: 'root run',
    summary: 'Run a root server, with TLS for nodes beyond loopback',
    load: () => import('../commands/root/run.ts'),
  },
  {
    path: 'root token',
    summary: 'Make a new operator token from the state folder',
    load: () => import('../commands/root/token.ts'),
  },
  {
    path: 'root backup',
    summary: 'Write a backup while the root server runs',
    load: () => import('../commands/root/backup.ts'),
  },
  {
    path: 'root restore',
    summary: 'Make a state folder from a backup',
    load: () => import('../commands/root/restore.ts'),
  },
  {
    path: 'root difference',
    summary: 'After a restore: what hosts run beside what the backup says',
    load: () => import('../commands/root/difference.ts'),
  },
  {
    path: 'root confirm',
    summary: 'After a restore: confirm the difference and go on',
    load: () => import('../commands/root/confirm.ts'),
  },
  ...peopleTable,
  {
    path: 'login',
    summary: 'Remember a root server, by a token or as a person',
    load: () => import('../commands/login/login.ts'),
  },
  {
    path: 'logout',
    summary: 'End the session of `xylem login --as`',
    load: () => import('../commands/login/logout.ts'),
  },
  {
    path: 'context list',
    summary: 'The root servers that are remembered here',
    load: () => import('../commands/context/list.ts'),
  },
  {
    path: 'context use',
    summary: 'Choose which remembered root server is asked',
    load: () => import('../commands/context/use.ts'),
  },
];
