import { XylemError } from '@xylem/core';
import type { Api } from '../api/client.ts';
import { text } from '../frame/define.ts';
import { environmentName } from '../frame/words.ts';

const pattern = /^[a-z0-9*?-]+(\/[a-z0-9*?-]+)?$/;

export const whereOption = {
  where: text('<selector>', "narrows environments: 'stage = production and ring in (1, 2)'; alone, of all"),
};

/** Environments as a command that changes something takes them. @throws XylemError E_INPUT when nothing says which */
export function environmentChoice(
  words: readonly string[],
  where: string | undefined,
  optionName: string,
): { readonly environments: string[]; readonly where?: string } {
  if (where === undefined) return { environments: environmentPatterns(words, optionName) };
  return { environments: words.length === 0 ? ['*/*'] : environmentPatterns(words, optionName), where };
}

/** Environments as typed: names or patterns; where there is one tenant it need not be named. @throws XylemError E_INPUT */
export function environmentPatterns(words: readonly string[], optionName: string): string[] {
  if (words.length === 0) {
    throw new XylemError(
      'E_INPUT',
      `Say which environments: ${optionName} acme/production, or a pattern such as '*/production', or labels by --where.`,
    );
  }
  return words.map(environmentPattern);
}

/** @throws XylemError E_INPUT */
export function environmentPattern(word: string): string {
  if (pattern.test(word)) return word;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no environment's name or pattern. Write tenant/environment, as in acme/production or '*/production'.`,
  );
}

/** The query of a command that looks at one environment, a pattern of them, or all. @throws XylemError E_INPUT */
export const environmentQuery = (word: string | undefined): { environment?: string } =>
  word === undefined ? {} : { environment: environmentPattern(word) };

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
