import { XylemError } from '@xylem/core';
import type { HostQuery, HostSelection } from '@xylem/root/contract';
import { text } from '../frame/define.ts';
import { isName } from '../frame/words.ts';
import { environmentPattern } from './environments.ts';

/** The options of every command that takes hosts. */
export const hostOptions = {
  where: text('<selector>', "labels, as in 'role = web and site in (muc, fra)'"),
  site: text('<site>', 'only hosts of this site'),
};
export const hostArguments = '[selector...]';
export const selectorHelp = `SELECTOR is an environment's name or pattern with a / (acme/production, '*/production'), a host's name or pattern
(web-1, 'web-*'), its id or the first digits of it, or all. Several are added up; --where and --site narrow them.`;

interface Narrowing {
  readonly where: string | undefined;
  readonly site: string | undefined;
}

const quoted = (word: string): string => `"${word}"`;
const isEnvironment = (word: string): boolean => word.includes('/');
const isAll = (word: string): boolean => word === 'all' || word === '*';

/** A host as typed: its name, a pattern of names, or the beginning of its id. */
function hostClause(word: string): string {
  if (!/^[A-Za-z0-9._*?-]+$/.test(word)) {
    throw new XylemError(
      'E_INPUT',
      `"${word}" is no host's name or id. Labels go into --where, as in --where 'role = web'.`,
    );
  }
  if (/[*?]/.test(word)) return `name ~ ${quoted(word)}`;
  const byId = /^[0-9a-f]{4,32}$/.test(word) ? ` or id ~ ${quoted(`${word}*`)}` : '';
  return `name = ${quoted(word)}${byId}`;
}

function narrowed(words: readonly string[], where: string | undefined): string | undefined {
  const clauses = words.length === 0 ? [] : [words.map(hostClause).join(' or ')];
  if (where !== undefined) clauses.push(where);
  if (clauses.length < 2) return clauses[0];
  return clauses.map((clause) => `(${clause})`).join(' and ');
}

function sorted(words: readonly string[]): { readonly environments: string[]; readonly hosts: string[] } {
  const environments = words.filter(isEnvironment).map(environmentPattern);
  const hosts = words.filter((word) => !isEnvironment(word) && !isAll(word));
  if (environments.length > 0 && hosts.length > 0) {
    throw new XylemError(
      'E_INPUT',
      `"${environments[0]}" means an environment and "${hosts[0]}" a host, and together they are unclear. ` +
        'Name hosts only, or an environment and --where.',
    );
  }
  return { environments, hosts };
}

/** The query of a command that only looks: nothing typed means every host. */
export function hostQuery(words: readonly string[], { where, site }: Narrowing): HostQuery {
  const { environments, hosts } = sorted(words);
  const clause = narrowed(hosts, where);
  if (site !== undefined && !isName(site)) {
    throw new XylemError(
      'E_INPUT',
      `--site ${site} is no site's name. Use lower-case letters, digits and -.`,
    );
  }
  return {
    ...(environments.length === 0 ? {} : { environment: environments }),
    ...(clause === undefined ? {} : { where: clause }),
    ...(site === undefined ? {} : { site }),
  };
}

/** The selection of a command that changes hosts: nothing typed is refused. @throws XylemError E_INPUT */
export function hostSelection(words: readonly string[], narrowing: Narrowing): HostSelection {
  if (words.length === 0 && narrowing.where === undefined && narrowing.site === undefined) {
    throw new XylemError(
      'E_INPUT',
      "Say which hosts: a selector such as web-1 or 'acme/*', --where, --site, or all.",
    );
  }
  const { environment, ...query } = hostQuery(words, narrowing);
  return { ...query, ...(environment === undefined ? {} : { environments: [environment].flat() }) };
}
