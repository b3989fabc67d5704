import type { JobRun } from '@xylem/root/contract';
import { tabulate } from '../../frame/tabulate.ts';
import { counted } from '../../frame/words.ts';

export const isOpen = ({ state }: JobRun): boolean => state === 'ordered' || state === 'running';

/** 0: all passed; 9: one did not; 0 as well for what is not known yet and was not waited for. */
export const exitCodeOf = (runs: readonly JobRun[]): number =>
  runs.every((run) => run.state === 'passed' || isOpen(run)) ? 0 : 9;

export function testsText({ tests }: Pick<JobRun, 'tests'>): string {
  if (tests === null) return '';
  const parts = [
    counted(tests.tests, 'test'),
    ...(tests.failures + tests.errors > 0 ? [`${tests.failures + tests.errors} failed`] : []),
    ...(tests.skipped > 0 ? [`${tests.skipped} skipped`] : []),
  ];
  return parts.join(', ');
}

export const runTable = (runs: readonly JobRun[]): string =>
  tabulate(
    ['ID', 'JOB', 'VERSION', 'ENVIRONMENT', 'HOST', 'STATE', 'EXIT', 'TESTS', 'ORDERED'],
    runs.map((run) => [
      run.id.slice(0, 12),
      `${run.component} ${run.job}`,
      run.version,
      run.environment.name,
      run.host.name,
      run.state,
      run.exitCode ?? '',
      testsText(run),
      run.ordered,
    ]),
    'No job was run.',
  );
