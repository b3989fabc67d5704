import type { TableEntry } from './entry.ts';

/** Commands for the machine of a host: all that its single executable holds. */
export const agentTable: readonly TableEntry[] = [
  {
    path: 'join',
    summary: 'Make this machine a host of an environment',
    load: () => import('../../commands/host/join.ts'),
  },
  {
    path: 'agent run',
    summary: 'Run the agent of a joined host',
    load: () => import('../../commands/agent/run.ts'),
  },
  {
    path: 'agent launch',
    summary: 'Run the agent so that Xylem can update it',
    load: () => import('../../commands/agent/launch.ts'),
  },
  {
    path: 'agent check',
    summary: 'Whether this version reads the state of a host',
    load: () => import('../../commands/agent/check.ts'),
  },
  {
    path: 'agent rotate-key',
    summary: 'Give this host another key',
    load: () => import('../../commands/agent/rotate-key.ts'),
  },
  {
    path: 'agent doctor',
    summary: 'What is wrong with this host, and what to do',
    load: () => import('../../commands/agent/doctor.ts'),
  },
  {
    path: 'agent explain',
    summary: 'What this host should run, runs, and what keeps it',
    load: () => import('../../commands/agent/explain.ts'),
  },
  {
    path: 'agent adopt',
    summary: 'Take over what runs on this host already',
    load: () => import('../../commands/agent/adopt.ts'),
  },
  {
    path: 'agent observe',
    summary: 'End that this host only observes',
    load: () => import('../../commands/agent/observe.ts'),
  },
  {
    path: 'agent revert',
    summary: 'Take a product back on this host, without any server',
    load: () => import('../../commands/agent/revert.ts'),
  },
  {
    path: 'agent proxy',
    summary: 'The proxy through which this host reaches its parents',
    load: () => import('../../commands/agent/proxy.ts'),
  },
  {
    path: 'agent stop',
    summary: 'End the services of a host whose agent has ended',
    load: () => import('../../commands/agent/stop.ts'),
  },
];
