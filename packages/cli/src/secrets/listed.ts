import type { Secrets } from '@xylem/root/contract';
import { tabulate } from '../frame/tabulate.ts';

/** The environment's secrets without what is sealed: names, who waits, what to do. */
export function listed(secrets: Secrets): { data: unknown; text: string } {
  const { environment, generation, values, hosts, removed } = secrets;
  const waiting = hosts.filter(({ wrapped }) => !wrapped).map(({ name }) => name);
  const data = {
    environment,
    generation,
    values: values.map(({ sealed, ...rest }) => ({ ...rest, generation: sealed.generation })),
    waiting,
    removed,
  };
  const lines = [
    tabulate(
      ['COMPONENT', 'KEY', 'SET', 'BY', 'KNOWN TO HOSTS THAT ARE GONE'],
      values.map(({ component, key, set, by, exposedTo }) => [component, key, set, by, exposedTo.join(' ')]),
      `${environment.name} has no secrets.`,
    ),
  ];
  if (generation !== null) lines.push(`Generation ${generation.number}, held by ${generation.holder}.`);
  if (generation !== null && waiting.length > 0) {
    lines.push(`Without the key: ${waiting.join(', ')}. Next: xylem secret wrap ${environment.name}`);
  }
  if (removed.length > 0) {
    lines.push(`Gone with the key: ${removed.join(', ')}. Next: xylem secret rotate ${environment.name}`);
  }
  if (values.some(({ exposedTo }) => exposedTo.length > 0)) {
    lines.push(
      'What hosts that are gone know stays known to them: change it at its source, and set it anew here.',
    );
  }
  return { data, text: lines.join('\n') };
}
