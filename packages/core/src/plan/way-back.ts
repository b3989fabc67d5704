import type { Shapes } from '../wire/migration.ts';
import type { PackageDocument } from '../wire/package/document.ts';
import type { MigrationStep } from '../wire/package/migrations.ts';

/** A step of a migration that a release brings along and that its database has not had yet. */
export interface DueStep {
  readonly database: string;
  readonly component: string;
  readonly step: MigrationStep;
}

/** The steps that packages of a release have beyond what their databases serve now, in their order. Pure. */
export function dueSteps(
  packages: readonly Pick<PackageDocument, 'component' | 'migrations'>[],
  shapesOf: (database: string) => Shapes,
): DueStep[] {
  return packages.flatMap(({ component, migrations }) => {
    if (migrations === undefined) return [];
    const { database, steps = [] } = migrations;
    return steps
      .filter(({ to }) => to > shapesOf(database).newest)
      .sort((a, b) => a.to - b.to)
      .map((step) => ({ database, component, step }));
  });
}

/**
 * What a return to the former packages would not undo of the steps that a release brings, sentences. Pure.
 * @param former the packages that would come back
 */
export function stepsNotUndone(
  due: readonly DueStep[],
  former: readonly Pick<PackageDocument, 'component' | 'version' | 'migrations'>[],
): string[] {
  return due.flatMap(({ database, component, step: { to, phase, undo } }) => {
    if (phase !== 'contract') {
      return undo === undefined
        ? [`The ${phase} of ${database} to schema ${to} stays: ${component} has no way to undo it.`]
        : [];
    }
    const lost = former.filter(
      ({ migrations, component: own }) =>
        (migrations?.database === database && migrations.accepts.to < to) ||
        (migrations === undefined && own === component),
    );
    const whom = lost.map((one) => `${one.component} ${one.version}`).join(', ');
    return lost.length === 0
      ? []
      : [
          `Once the contract of ${database} to schema ${to} is done, ${whom} can't work with it: only a backup brings the former schema back, without what was written since.`,
        ];
  });
}
