import type { EnvironmentYamlSaved } from '@xylem/root/contract';
import { tabulate } from '../../frame/tabulate.ts';

export function savedText(name: string, saved: EnvironmentYamlSaved, dryRun = false): string {
  const isNew = dryRun ? 'valid, not saved' : `saved as version ${saved.version}`;
  const assignments = tabulate(
    ['COMPONENT', 'VERSION', 'WHERE', 'HOSTS'],
    saved.assignments.map(({ component, version, where, hosts }) => [
      component,
      version,
      where || 'all',
      hosts,
    ]),
    'Nothing is assigned yet.',
  );
  return `${name}: ${saved.changed ? isNew : 'unchanged'}\n${assignments}`;
}
