import { placeholdersIn } from '../../direction/placeholders.ts';
import { XylemError } from '../../errors.ts';
import type { Path } from '../../schema/check.ts';
import { parseSchema } from '../../schema/supported.ts';
import { isVersionRange } from '../../versions.ts';
import type { PackageDocument } from './document.ts';
import { needsFault } from './needs.ts';
import type { PackageFault } from './part.ts';
import { parts } from './parts.ts';

/** What the schema can't say about a package document: the first thing that is wrong, or undefined. */
export function packageFault(document: PackageDocument): PackageFault | undefined {
  for (const part of parts) {
    const fault = part.fault?.(document);
    if (fault !== undefined) return fault;
  }
  return (
    needsFault(document) ??
    structureFault(document) ??
    configSchemaFault(document) ??
    placeholderFault(document)
  );
}

function structureFault({ variants, requires = {} }: PackageDocument): PackageFault | undefined {
  const platforms = variants.map(({ os, arch, distribution, distributionVersion }) =>
    [distribution, distributionVersion, os, arch].map((name) => name ?? '*').join(' '),
  );
  if (new Set(platforms).size !== platforms.length) {
    return { path: ['variants'], sentence: 'expected each os and arch once, or each with its distribution' };
  }
  const range = Object.entries(requires).find(([, text]) => !isVersionRange(text));
  return range && { path: ['requires', range[0]], sentence: 'expected a version range like "^2.1.0"' };
}

function configSchemaFault({ configSchema }: PackageDocument): PackageFault | undefined {
  if (configSchema === undefined) return undefined;
  if (configSchema.type !== 'object')
    return { path: ['configSchema', 'type'], sentence: 'expected "object"' };
  try {
    parseSchema(configSchema);
    return undefined;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    const { path, expected } = error.details as { readonly path: Path; readonly expected: string };
    return { path: ['configSchema', ...path], sentence: `expected ${expected}` };
  }
}

/**
 * Which program runs is the publisher's word alone, so the first element of a command takes nothing from the
 * configuration, which the director writes.
 */
function placeholderFault(document: PackageDocument): PackageFault | undefined {
  const { configSchema, configDefaults = {} } = document;
  const properties = configSchema?.properties;
  const known = new Set([...Object.keys(configDefaults), ...Object.keys(properties ?? {})]);
  for (const [path, text] of parts.flatMap((part) => [...(part.texts?.(document) ?? [])])) {
    const names = namesIn(text);
    if (typeof names === 'string') return { path, sentence: names };
    if (names.includes('rendered') && !(path[0] === 'files' && path[1] === 'validate')) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder's name, said to people
      return { path, sentence: '"${rendered}" stands in the files\' validate command and nowhere else' };
    }
    const keys = names
      .filter((name) => name.startsWith('config.'))
      .map((name) => name.slice('config.'.length));
    const unknown = keys.find((key) => !known.has(key));
    if (unknown !== undefined) {
      return {
        path,
        sentence: `"\${config.${unknown}}" is in neither configDefaults nor configSchema.properties`,
      };
    }
    if (keys.length > 0 && path.at(-2) === 'command' && path.at(-1) === 0) {
      return { path, sentence: 'the program must not come from the configuration' };
    }
  }
  return undefined;
}

/** The placeholders of a text, or what is wrong with them. */
function namesIn(text: string): readonly string[] | string {
  try {
    return placeholdersIn(text);
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return error.message.replace(/\.$/, '');
  }
}
