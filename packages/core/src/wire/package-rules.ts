import { placeholdersIn } from '../direction/placeholders.ts';
import { XylemError } from '../errors.ts';
import type { Path } from '../schema/check.ts';
import { parseSchema } from '../schema/supported.ts';
import { isVersionRange } from '../versions.ts';
import type { PackageDocument } from './package-document.ts';

export interface PackageFault {
  readonly path: Path;
  /** What would be right, without a full stop. */
  readonly sentence: string;
}

/** What the schema can't say about a package document: the first thing that is wrong, or undefined. */
export function packageFault(document: PackageDocument): PackageFault | undefined {
  return structureFault(document) ?? configSchemaFault(document) ?? placeholderFault(document);
}

function structureFault({
  kind,
  service,
  health,
  variants,
  requires = {},
}: PackageDocument): PackageFault | undefined {
  if ((kind === 'service') !== (service !== undefined)) {
    return { path: ['service'], sentence: 'expected for the kind "service" and for no other' };
  }
  const checks = ['http', 'tcp', 'command'].filter(
    (key) => health !== undefined && Object.hasOwn(health, key),
  );
  if (health !== undefined && checks.length !== 1) {
    return { path: ['health'], sentence: 'expected exactly one of http, tcp and command' };
  }
  const platforms = variants.map(({ os, arch }) => `${os ?? '*'} ${arch ?? '*'}`);
  if (new Set(platforms).size !== platforms.length) {
    return { path: ['variants'], sentence: 'expected each os and arch once' };
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
  for (const [path, text] of textsOf(document)) {
    const names = namesIn(text);
    if (typeof names === 'string') return { path, sentence: names };
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

function* textsOf({ service, health, ports = [] }: PackageDocument): Generator<[Path, string], undefined> {
  for (const [i, text] of (service?.command ?? []).entries()) yield [['service', 'command', i], text];
  for (const [key, text] of Object.entries(service?.environment ?? {}))
    yield [['service', 'environment', key], text];
  for (const [i, text] of (health?.command ?? []).entries()) yield [['health', 'command', i], text];
  for (const kind of ['http', 'tcp'] as const) {
    const port = health?.[kind]?.port;
    if (typeof port === 'string') yield [['health', kind, 'port'], port];
  }
  for (const [i, port] of ports.entries()) if (typeof port === 'string') yield [['ports', i], port];
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
