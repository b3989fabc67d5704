import { array, boolean, object, record, string } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackageDocument } from './document.ts';
import { argument, command, durationMs, variableName } from './fields.ts';
import type { PackageFault, PackagePart } from './part.ts';

/** docs/spec/components/files.md */

const path = string({
  title: 'a path without NUL, control characters, empty, "." and ".." segments',
  pattern: '^(?!(.*/)?\\.{1,2}(/|$))[^\\p{Cc}]*[^\\p{Cc}/]$',
  minLength: 1,
  maxLength: 4096,
});
const account = string({
  title: 'the name or number of a user or group',
  pattern: '^([A-Za-z_][A-Za-z0-9_.-]{0,62}\\$?|[0-9]{1,9})$',
});
const fileMode = string({ title: 'four octal digits like "0644"', pattern: '^0[0-7]{3}$' });
export const installedFile = {
  required: { from: path, to: path },
  optional: { template: boolean(), owner: account, group: account, mode: fileMode },
};
const environmentSchema = record(variableName, argument);

export const filesSchema = object(
  {
    install: array(object(installedFile.required, installedFile.optional), { minItems: 1, maxItems: 1000 }),
  },
  {
    validate: object({ command }, { timeoutMs: durationMs, environment: environmentSchema }),
    reload: object({ command }, { timeoutMs: durationMs }),
  },
);

export type FilesBlock = Static<typeof filesSchema>;
export type InstalledFile = FilesBlock['install'][number];

/** What absent values mean. */
export const filesDefaults = { timeoutMs: 60_000, mode: '0644', sealedMode: '0600' } as const;

// biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
const dataPrefix = '${data}/';

/** Where below the component's data folder a file goes; null for an absolute path. Pure. */
export function belowData(to: string): string | null {
  return to.startsWith(dataPrefix) ? to.slice(dataPrefix.length) : null;
}

/** Where a file stands below `${rendered}`: where it stands in the tree, without the ending of a template. Pure. */
export function renderedPath({ from, template }: InstalledFile): string {
  return template === true ? from.replace(/(?<=[^/])\.tmpl$/, '') : from;
}

/** The absolute paths that a package claims on a host. Pure. */
export function claimedPaths({ files }: PackageDocument): readonly string[] {
  return (files?.install ?? []).map(({ to }) => to).filter((to) => belowData(to) === null);
}

/** Whether both can't be files of one file system: they are one, or one would have to be the folder of the other. Pure. */
export function pathsClash(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

export const filesPart: PackagePart = {
  needs: { name: 'files', isNeeded: ({ files }) => files !== undefined },
  fault: ({ kind, files }) => {
    if (files === undefined) return undefined;
    if (kind !== 'files')
      return { path: ['files'], sentence: 'expected for the kind "files" and for no other' };
    for (const [i, { from, to }] of files.install.entries()) {
      if (!isRelative(from))
        return { path: ['files', 'install', i, 'from'], sentence: 'expected a path in the tree' };
      if (!isTarget(to)) {
        return {
          path: ['files', 'install', i, 'to'],
          sentence: `expected an absolute path, or one that begins with "${dataPrefix}", without other placeholders`,
        };
      }
    }
    return clash(files.install);
  },
  texts: function* ({ files }) {
    for (const key of ['validate', 'reload'] as const) {
      for (const [i, text] of (files?.[key]?.command ?? []).entries())
        yield [['files', key, 'command', i], text];
    }
    for (const [name, text] of Object.entries(files?.validate?.environment ?? {})) {
      yield [['files', 'validate', 'environment', name], text];
    }
  },
};

function isRelative(from: string): boolean {
  return from.split('/').every((segment) => segment !== '');
}

function isTarget(to: string): boolean {
  const own = belowData(to);
  if (own !== null) return isRelative(own) && !own.includes('${');
  return to.startsWith('/') && isRelative(to.slice(1)) && !to.includes('${');
}

/** Two that would have to stand in one place, or one in the other. */
function clash(install: readonly InstalledFile[]): PackageFault | undefined {
  const at = (i: number, key: string, other: string): PackageFault => ({
    path: ['files', 'install', i, key],
    sentence: `it can't stand beside ${JSON.stringify(other)}`,
  });
  const sorted = install.map(({ to }, i) => ({ to, i })).sort((a, b) => (`${a.to}/` < `${b.to}/` ? -1 : 1));
  for (const [n, { to, i }] of sorted.entries()) {
    const before = sorted[n - 1];
    if (before !== undefined && pathsClash(before.to, to)) return at(i, 'to', before.to);
  }
  const rendered = new Map<string, InstalledFile>();
  for (const [i, file] of install.entries()) {
    const own = renderedPath(file);
    const other = rendered.get(own);
    const isSame = other !== undefined && other.from === file.from && other.template === file.template;
    if (other !== undefined && !isSame) return at(i, 'from', other.from);
    rendered.set(own, file);
  }
  return undefined;
}
