import { XylemError } from '@xylem/core';
import { ask } from '../system-packages/commands.ts';
import type { PackageStatus } from '../system-packages/system.ts';
import { labelOf } from './query.ts';
import { labelsOf } from './status.ts';

const mostText = 1_500;

/** These, and what needs them. @throws XylemError E_PACKAGE_SYSTEM when rpm does not say */
export async function removalOf(
  names: readonly string[],
  { installed }: PackageStatus,
): Promise<readonly string[]> {
  const labels = labelsOf(
    names.filter((name) => installed.has(name)),
    { installed },
  );
  if (labels.length === 0) return names;
  const { code, output } = await ask('rpm', ['-e', '--test', '--allmatches', '--', ...labels]);
  if (code === 0) return names;
  const byLabel = new Map([...installed].map(([name, one]) => [labelOf(one), name]));
  const needing = [...output.matchAll(/ is needed by \(installed\) (\S+)$/gm)].map(([, label = '']) => label);
  if (needing.length > 0) return [...names, ...needing.map((label) => byLabel.get(label) ?? label)];
  throw new XylemError(
    'E_PACKAGE_SYSTEM',
    `rpm can't say what would go with ${names.join(', ')}: ${output.trim().slice(-mostText)}`,
  );
}
