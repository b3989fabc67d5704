import { type DesiredState, type Fit, fitOf, noShapes } from '@xylem/core';
import type { Reason } from '../converge/goal.ts';
import type { Placed } from '../slot/placed.ts';

export type Schemas = NonNullable<DesiredState['schemas']>;

/** Why this package may not be switched to with these databases, or null. Pure. */
export function misfit({ document, version }: Placed, schemas: Schemas | undefined): Reason | null {
  const { migrations, component } = document;
  if (migrations === undefined) return null;
  const { database, accepts } = migrations;
  const shapes = known(schemas, database) ?? noShapes;
  const fit = fitOf(accepts, shapes);
  if (fit === 'fits') return null;
  return {
    code: codes[fit],
    message: `${component} ${version} ${sentences[fit](database, accepts, shapes)}`,
  };
}

/**
 * Why what is installed must not run with these databases, or null. Where direction says nothing of a database, nothing
 * is ended: a root server that lost its memory must not stop a fleet. Pure.
 */
export function mustEnd(installed: Placed | null, schemas: Schemas | undefined): Reason | null {
  const database = installed?.document.migrations?.database;
  if (installed === null || database === undefined || known(schemas, database) === undefined) return null;
  return misfit(installed, schemas);
}

const known = (schemas: Schemas | undefined, database: string) =>
  schemas !== undefined && Object.hasOwn(schemas, database) ? schemas[database] : undefined;

const codes = { pending: 'E_MIGRATION_PENDING', contracted: 'E_MIGRATION_CONTRACTED' } as const;

type Sentence = (
  database: string,
  accepts: { readonly from: number; readonly to: number },
  shapes: { readonly oldest: number; readonly newest: number },
) => string;

const sentences: Readonly<Record<Exclude<Fit, 'fits'>, Sentence>> = {
  pending: (database, { from }, { newest }) =>
    `needs schema ${from} of ${database}, which has ${newest}: it waits for the migration.`,
  contracted: (database, { to }, { oldest }) =>
    `works with ${database} up to schema ${to}, and what it needs was taken away by the contract to ${oldest}.`,
};
