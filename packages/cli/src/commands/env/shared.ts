import { XylemError } from '@xylem/core';
import type { EnvironmentYamlSaved } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { environmentName } from '../../frame/words.ts';

/** Where the API keeps an environment: its tenant and name, the only tenant where none was typed. */
export async function environmentParams(
  api: Api,
  word: string,
): Promise<{ tenant: string; environment: string }> {
  const [first = '', second] = environmentName(word).split('/');
  if (second !== undefined) return { tenant: first, environment: second };
  const { tenants } = await api.call('rootInfo', {});
  const [tenant, ...others] = tenants;
  if (tenant !== undefined && others.length === 0) return { tenant, environment: first };
  throw new XylemError(
    'E_INPUT',
    `There are several tenants, so say whose: ${tenants.map((one) => `${one}/${first}`).join(', ')}.`,
  );
}

export function savedText(name: string, saved: EnvironmentYamlSaved): string {
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
  return `${name}: ${saved.changed ? `saved as version ${saved.version}` : 'unchanged'}\n${assignments}`;
}
