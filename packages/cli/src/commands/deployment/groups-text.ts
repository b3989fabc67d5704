import type { Deployment } from '@xylem/root/contract';

/** Where a deployment over two groups of hosts stands, in words; null for others, and what has ended and gave nothing back. */
export function groupsText({ groups, state }: Deployment): string | null {
  if (groups === undefined) return null;
  const { phase, idle, serving, traffic } = groups;
  if (state !== 'running' && state !== 'paused')
    return phase === 'returning' && traffic !== null
      ? `traffic was given back to ${traffic.serving}${balancersText(traffic)}`
      : null;
  const goes = traffic === null ? '' : `; traffic goes to ${traffic.serving}${balancersText(traffic)}`;
  return `${phaseText(groups)} (${idle} first, then ${serving})${goes}`;
}

type Groups = NonNullable<Deployment['groups']>;

function phaseText({ phase, idle, serving, until }: Groups): string {
  const by = until === null ? '' : ` until ${until}`;
  switch (phase) {
    case 'idle':
      return `${idle} is updated without traffic`;
    case 'switching':
      return `traffic is moved to ${idle}`;
    case 'watching':
      return `${idle} is watched with traffic`;
    case 'kept':
      return `${serving} is kept as it was${by}`;
    case 'second':
      return `${serving} is updated without traffic`;
    case 'returning':
      return `waits for traffic to be back at ${serving}`;
    case 'returned':
      return `traffic is back at ${serving}`;
  }
}

function balancersText({ balancers, applied, behind }: NonNullable<Groups['traffic']>): string {
  const late = behind.length === 0 ? '' : `, not yet by ${behind.join(', ')}`;
  return `, as ${applied} of ${balancers} balancers have reported${late}`;
}
