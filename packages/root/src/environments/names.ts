import { environmentSelectable, parseSelector, selects, XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { unhurried } from '@xylem/platform';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';

export interface EnvironmentRow {
  readonly id: string;
  readonly tenant: string;
  readonly environment: string;
  readonly yaml: string;
  readonly yaml_version: number;
  readonly created_ms: number;
}

export const fullName = (row: { tenant: string; environment: string }): string =>
  `${row.tenant}/${row.environment}`;
export const refOf = (row: { id: string; tenant: string; environment: string }) => ({
  id: row.id,
  name: fullName(row),
});

/** `acme/production` as it is; `production` in the tenant that is meant where none is named. */
export function splitName(name: string, tenant: string): { tenant: string; environment: string } {
  const [first = '', second] = name.split('/');
  return second === undefined ? { tenant, environment: first } : { tenant: first, environment: second };
}

/** @throws XylemError E_NOT_FOUND */
export async function environmentNamed(db: Database, name: string, tenant: string): Promise<EnvironmentRow> {
  const parts = splitName(name, tenant);
  const row = await db
    .selectFrom('environments')
    .selectAll()
    .where('tenant', '=', parts.tenant)
    .where('environment', '=', parts.environment)
    .executeTakeFirst();
  if (row === undefined) {
    throw noEnvironment(fullName(parts));
  }
  return row;
}

/** Names no other: who asks may not be one who sees them. */
export function noEnvironment(name: string): XylemError {
  return new XylemError('E_NOT_FOUND', `There is no environment ${name}. \`xylem env list\` shows yours.`);
}

export async function allEnvironments(db: Database): Promise<EnvironmentRow[]> {
  return await db.selectFrom('environments').selectAll().orderBy('tenant').orderBy('environment').execute();
}

/**
 * Environments that fit one of the patterns, and the selector over their labels and stage. Nothing at all is an error,
 * not silence.
 * @param within what is not is not there
 * @throws XylemError E_NOT_FOUND, E_SELECTOR
 */
export async function environmentsChosen(
  db: Database,
  { environments, where }: { readonly environments: readonly string[]; readonly where?: string | undefined },
  tenant: string,
  within: Within,
): Promise<EnvironmentRow[]> {
  const selector = parseSelector(where ?? '');
  const rows = await environmentsMatching(db, environments, tenant, within);
  if (where === undefined) return rows;
  const chosen: EnvironmentRow[] = [];
  for await (const row of unhurried(rows, 20)) {
    const spec = parseEnvironmentYaml(row.yaml, fullName(row));
    if (selects(selector, environmentSelectable(row.id, spec))) chosen.push(row);
  }
  if (chosen.length > 0) return chosen;
  throw new XylemError(
    'E_NOT_FOUND',
    `No environment of ${environments.join(', ')} fits ${JSON.stringify(where)}. \`xylem env list\` shows stages and labels.`,
  );
}

/**
 * Environments that fit one of the patterns; none given: all. Patterns that fit nothing are an error, not silence.
 * @param within what is not is not there
 */
export async function environmentsMatching(
  db: Database,
  patterns: readonly string[] | undefined,
  tenant: string,
  within: Within,
): Promise<EnvironmentRow[]> {
  const rows = (await allEnvironments(db)).filter(within);
  if (patterns === undefined || patterns.length === 0) return rows;
  const tests = patterns.map((pattern) => ({ pattern, fits: globOf(fullName(splitName(pattern, tenant))) }));
  for (const { pattern, fits } of tests) {
    if (!rows.some((row) => fits.test(fullName(row)))) {
      throw new XylemError('E_NOT_FOUND', `No environment fits ${JSON.stringify(pattern)}.`);
    }
  }
  return rows.filter((row) => tests.some(({ fits }) => fits.test(fullName(row))));
}

/** Environments that one of the patterns fits; patterns that fit nothing yet are no fault. */
export async function environmentsFitting(
  db: Database,
  patterns: readonly string[],
  tenant: string,
): Promise<EnvironmentRow[]> {
  const tests = patterns.map((pattern) => globOf(fullName(splitName(pattern, tenant))));
  return (await allEnvironments(db)).filter((row) => tests.some((test) => test.test(fullName(row))));
}

/** `*` and `?` stay within one segment. */
function globOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`);
}
