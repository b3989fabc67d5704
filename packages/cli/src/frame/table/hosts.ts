import { agentTable } from './agent.ts';
import type { TableEntry } from './entry.ts';

/** Commands about hosts: how they join, what they run, what is said to them. */
export const hostsTable: readonly TableEntry[] = [
  {
    path: 'token create',
    summary: 'Create a token by which hosts join',
    load: () => import('../../commands/token/create.ts'),
  },
  {
    path: 'token list',
    summary: 'Join tokens that still work',
    load: () => import('../../commands/token/list.ts'),
  },
  {
    path: 'token revoke',
    summary: 'Make a join token useless',
    load: () => import('../../commands/token/revoke.ts'),
  },
  ...agentTable,
  {
    path: 'host list',
    summary: 'Hosts that a selector fits',
    load: () => import('../../commands/host/list.ts'),
  },
  {
    path: 'host show',
    summary: 'One host: what it runs and should run',
    load: () => import('../../commands/host/show.ts'),
  },
  {
    path: 'host why',
    summary: 'Why a host is not where it should be',
    load: () => import('../../commands/host/why.ts'),
  },
  {
    path: 'host label',
    summary: 'Set and remove labels',
    load: () => import('../../commands/host/label.ts'),
  },
  {
    path: 'host adopt',
    summary: 'Have hosts take over what runs on them already',
    load: () => import('../../commands/host/adopt.ts'),
  },
  {
    path: 'host undo-revert',
    summary: 'Undo what someone on a host took back',
    load: () => import('../../commands/host/undo-revert.ts'),
  },
  {
    path: 'host configure',
    summary: 'Configure a component on single hosts',
    load: () => import('../../commands/host/configure.ts'),
  },
  {
    path: 'host pin',
    summary: 'Leave components of single hosts as they are, whatever is deployed',
    load: () => import('../../commands/host/pin.ts'),
  },
  {
    path: 'host unpin',
    summary: 'Let pinned hosts follow their environment again',
    load: () => import('../../commands/host/unpin.ts'),
  },
  {
    path: 'host move',
    summary: 'Give hosts other parents, or another environment',
    load: () => import('../../commands/host/move.ts'),
  },
  {
    path: 'relay drain',
    summary: 'Have all children of a relay go elsewhere, in batches',
    load: () => import('../../commands/relay/drain.ts'),
  },
  {
    path: 'relay replace',
    summary: 'Give the place of a relay to another, in batches',
    load: () => import('../../commands/relay/replace.ts'),
  },
  {
    path: 'reparenting list',
    summary: 'Hosts that change their parents in batches',
    load: () => import('../../commands/reparenting/list.ts'),
  },
  {
    path: 'reparenting show',
    summary: 'One reparenting with its hosts',
    load: () => import('../../commands/reparenting/show.ts'),
  },
  {
    path: 'reparenting pause',
    summary: 'Begin no further batch',
    load: () => import('../../commands/reparenting/pause.ts'),
  },
  {
    path: 'reparenting resume',
    summary: 'Go on with the batches',
    load: () => import('../../commands/reparenting/resume.ts'),
  },
  {
    path: 'reparenting cancel',
    summary: 'Have the hosts that went come back',
    load: () => import('../../commands/reparenting/cancel.ts'),
  },
  {
    path: 'parent-rule set',
    summary: 'Say which parents hosts have by their labels and subnets',
    load: () => import('../../commands/parent-rule/set.ts'),
  },
  {
    path: 'parent-rule list',
    summary: 'Parent rules, in the order in which they are looked at',
    load: () => import('../../commands/parent-rule/list.ts'),
  },
  {
    path: 'parent-rule remove',
    summary: 'Remove a parent rule',
    load: () => import('../../commands/parent-rule/remove.ts'),
  },
  {
    path: 'move list',
    summary: 'Requests to move hosts to another tenant',
    load: () => import('../../commands/move/list.ts'),
  },
  {
    path: 'move show',
    summary: 'One move request with its hosts',
    load: () => import('../../commands/move/show.ts'),
  },
  {
    path: 'move approve',
    summary: 'Approve a move request for your side',
    load: () => import('../../commands/move/approve.ts'),
  },
  {
    path: 'move refuse',
    summary: 'Refuse a move request for your side',
    load: () => import('../../commands/move/refuse.ts'),
  },
  {
    path: 'move cancel',
    summary: 'Take a move request back',
    load: () => import('../../commands/move/cancel.ts'),
  },
  {
    path: 'host serve',
    summary: 'Make hosts relays, or plain hosts again',
    load: () => import('../../commands/host/serve.ts'),
  },
  {
    path: 'host limit',
    summary: 'Limit what the links of hosts may carry',
    load: () => import('../../commands/host/limit.ts'),
  },
  {
    path: 'host revoke',
    summary: 'Let no node speak with hosts any more',
    load: () => import('../../commands/host/revoke.ts'),
  },
  {
    path: 'host replace',
    summary: 'Give the place of a host to its successor',
    load: () => import('../../commands/host/replace.ts'),
  },
  {
    path: 'host clear-clone',
    summary: 'Say that one machine alone has the key of a host',
    load: () => import('../../commands/host/clear-clone.ts'),
  },
  {
    path: 'host retire',
    summary: 'Take hosts out of service',
    load: () => import('../../commands/host/retire.ts'),
  },
];
