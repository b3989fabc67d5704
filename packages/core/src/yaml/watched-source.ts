import { array, boolean, closedObject, string } from '../schema/build.ts';
import type { Version } from '../versions.ts';
import { name } from '../wire/fields.ts';
import { checkYaml } from './check.ts';

const word = string({ minLength: 1, maxLength: 2048, pattern: '^[^-\\s][^\\s\\p{Cc}]*$' });
const path = string({ title: 'a path', minLength: 1, maxLength: 4096, pattern: '^[^\\p{Cc}]+$' });
const below = string({
  title: 'a path below the source, without ".."',
  maxLength: 4096,
  pattern: '^(?!/)(?!\\.\\.(/|$))(?!.*/\\.\\.(/|$))[^\\p{Cc}]+$',
});
const versionsPattern = string({
  title: 'a name with one *, which stands for the version: "v*"',
  maxLength: 256,
  pattern: '^[^*\\s\\p{Cc}-][^*\\s\\p{Cc}]*\\*[^*\\s\\p{Cc}]*$|^\\*[^*\\s\\p{Cc}]*$',
});
const argument = string({ maxLength: 4096 });

const sourceSchema = closedObject(
  {
    source: name,
    packages: array(closedObject({ folder: below }, { manifest: path, after: array(name) }), {
      minItems: 1,
      maxItems: 100,
    }),
  },
  {
    git: closedObject({ repository: word, tags: versionsPattern }),
    npm: closedObject({ package: word, tag: word }, { registry: word }),
    oci: closedObject({ image: word, tags: versionsPattern }, { plainHttp: boolean() }),
    folder: path,
    prereleases: boolean(),
    build: array(array(argument, { minItems: 1, maxItems: 100 }), { maxItems: 20 }),
    channel: name,
  },
);

/** Where versions of a product come to be. */
export type SourceOrigin =
  | { readonly kind: 'git'; readonly repository: string; readonly tags: string }
  | { readonly kind: 'npm'; readonly package: string; readonly tag: string; readonly registry?: string }
  | { readonly kind: 'oci'; readonly image: string; readonly tags: string; readonly plainHttp: boolean }
  | { readonly kind: 'folder'; readonly path: string };

/** What becomes of a source's versions (docs/continuous.md). */
export interface WatchedSource {
  readonly product: string;
  readonly origin: SourceOrigin;
  readonly prereleases: boolean;
  /** Programs with their arguments, run one after the other in the source's folder. */
  readonly build: readonly (readonly [string, ...string[]])[];
  readonly packages: readonly {
    /** Below the source; holds a manifest, or is given one. */
    readonly folder: string;
    /** Of a manifest beside this file. */
    readonly manifest?: string;
    readonly after: readonly string[];
  }[];
  readonly channel?: string;
}

/** Reads the description of a watched source. Throws E_INPUT naming file, line, column, key and what is expected. */
export function parseSourceYaml(text: string, file: string): WatchedSource {
  const { value, refuse } = checkYaml(text, sourceSchema, file);
  const { git, npm, oci, folder } = value;
  const origins: SourceOrigin[] = [
    ...(git === undefined ? [] : [{ kind: 'git' as const, ...git }]),
    ...(npm === undefined ? [] : [{ kind: 'npm' as const, ...npm }]),
    ...(oci === undefined ? [] : [{ kind: 'oci' as const, plainHttp: false, ...oci }]),
    ...(folder === undefined ? [] : [{ kind: 'folder' as const, path: folder }]),
  ];
  const [origin] = origins;
  if (origin === undefined || origins.length > 1) {
    refuse([], 'expected exactly one of git, npm, oci and folder');
  }
  return {
    product: value.source,
    origin: origin as SourceOrigin,
    prereleases: value.prereleases ?? false,
    build: (value.build ?? []) as WatchedSource['build'],
    packages: value.packages.map(({ after = [], ...one }) => ({ ...one, after })),
    ...(value.channel === undefined ? {} : { channel: value.channel }),
  };
}

/** The version in a name by a pattern with one `*`, or undefined: "v*" finds 1.2.0 in v1.2.0. */
export function versionIn(
  name: string,
  pattern: string,
  isVersion: (text: string) => text is Version,
): Version | undefined {
  const [before = '', behind = ''] = pattern.split('*');
  if (name.length <= before.length + behind.length) return undefined;
  if (!name.startsWith(before) || !name.endsWith(behind)) return undefined;
  const text = name.slice(before.length, name.length - behind.length);
  return isVersion(text) ? text : undefined;
}
