import { XylemError } from '@xylem/core';
import type { EnvironmentYamlSaved } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { environmentName } from '../../frame/words.ts';

/** Where the API keeps an environment: its tenant and name. Where one tenant has it, the tenant need not be typed. */
export async function environmentParams(
  api: Api,
  word: string,
): Promise<{ tenant: string; environment: string }> {
  const [first = '', second] = environmentName(word).split('/');
  if (second !== undefined) return { tenant: first, environment: second };
  const { environments } = await api.call('environmentList', {});
  const [found, ...others] = environments.filter(({ environment }) => environment === first);
  if (found === undefined) throw new XylemError('E_NOT_FOUND', `There is no environment ${first}.`);
  if (others.length === 0) return { tenant: found.tenant, environment: first };
  const names = [found, ...others].map(({ name }) => name).join(', ');
  throw new XylemError('E_INPUT', `Several tenants have a ${first}, so say whose: ${names}.`);
}

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
