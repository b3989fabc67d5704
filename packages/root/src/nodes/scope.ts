import type { EnvironmentId } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { environmentsFitting } from '../environments/names.ts';

/**
 * What a relay's certificate lets it serve: its own environment, and those that its patterns fit now. An environment
 * that is made later comes with the next renewal; `*` alone means all, whenever they are made.
 */
export async function servingScope(
  db: Database,
  tenant: string,
  host: { readonly environment: string; readonly serve: boolean; readonly serves: string },
): Promise<EnvironmentId[] | '*' | null> {
  if (!host.serve) return null;
  const patterns = JSON.parse(host.serves) as string[];
  if (patterns.includes('*')) return '*';
  const others = patterns.length === 0 ? [] : await environmentsFitting(db, patterns, tenant);
  return [...new Set([host.environment, ...others.map(({ id }) => id)])] as EnvironmentId[];
}
