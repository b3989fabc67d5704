import type { Difference } from '../../adopt/differences.ts';
import { ask } from '../system-packages/commands.ts';
import type { Verified } from '../system-packages/system.ts';
import { parseVerify } from '../system-packages/verify-lines.ts';

/** Of all that a package file says: what it needs, its scripts, and the digest of each of its files. */
const header = '%{NAME}.%{ARCH}\\t%|SHA256HEADER?{%{SHA256HEADER}}:{%{SHA1HEADER}}|\\n';

/** By rpm's own word; and what it knows is what the package file says, where that is here. */
export async function verifyRpms(packages: readonly Verified[]): Promise<Difference[]> {
  if (packages.length === 0) return [];
  const labels = packages.map(({ package: name, architecture }) => `${name}.${architecture}`);
  const flags = ['--verify', '--nodeps', '--noscripts', '--'];
  const found = parseVerify('rpm', await ask('rpm', [...flags, ...labels]));
  found.push(...(await lacking(labels)));
  const files = packages.flatMap(({ file }) => (file === null ? [] : [file]));
  if (files.length === 0) return found;
  const installed = digestsIn((await ask('rpm', ['-q', '--qf', header, '--', ...labels])).output);
  const released = digestsIn((await ask('rpm', ['-qp', '--qf', header, '--', ...files])).output);
  for (const [i, { package: path, version }] of packages.entries()) {
    const label = labels[i] ?? '';
    const digest = released.get(label);
    if (digest === undefined || digest !== installed.get(label))
      found.push({ path, what: `is another build of ${version}` });
  }
  return found;
}

/** Pure. */
function digestsIn(output: string): Map<string, string> {
  const lines = output.split('\n').flatMap((line) => {
    const [, label, digest] = /^(\S+)\t([0-9a-f]{40,})$/.exec(line) ?? [];
    return label === undefined || digest === undefined ? [] : [[label, digest] as const];
  });
  return new Map(lines);
}

/** What they need and the host has not. */
async function lacking(labels: readonly string[]): Promise<Difference[]> {
  const { output } = await ask('rpm', ['--verify', '--nofiles', '--noscripts', '--', ...labels]);
  const found: Difference[] = [];
  let of = '';
  for (const line of output.split('\n')) {
    of = /^Unsatisfied dependencies for (\S+):/.exec(line)?.[1] ?? of;
    const [, needed] = /^\s+(.+) is needed by /.exec(line) ?? [];
    if (needed !== undefined) found.push({ path: of, what: `lacks ${needed.slice(0, 200)}` });
  }
  return found;
}
