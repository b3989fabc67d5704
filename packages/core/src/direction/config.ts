import { XylemError } from '../errors.ts';
import { issuesWithin } from '../schema/bounded.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { issueText, pathText } from '../schema/message.ts';
import type { PackageDocument } from '../wire/package/document.ts';
import { isSealed, readSealed } from '../wire/sealed.ts';

export type Config = Readonly<Record<string, unknown>>;

/** More wrong places than a person reads, and enough to look past those of sealed values. */
const mostIssues = 1000;

/**
 * The configuration of one component: the package's defaults with `given` over it, key by key at the top level,
 * checked under the package's schema. Throws E_CONFIG_INVALID naming the key and what is expected. Without a schema
 * only the keys of the defaults are known. Of a sealed value only its place is checked (docs/spec/secrets.md).
 */
export function configFor(document: PackageDocument, given: Config): Config {
  const { component, configDefaults = {} } = document;
  const config = { ...configDefaults, ...given };
  const schema = schemaOf(document);
  const sealed = new Set(Object.keys(config).filter((key) => isSealed(config[key])));
  for (const key of sealed) checkSealed(component, key, config[key], schema);
  const issue = issuesWithin(schema, config, sealed.size === 0 ? 1 : mostIssues).find(
    ({ path, kind }) => kind !== 'wrong' || !sealed.has(String(path[0])),
  );
  if (issue === undefined) return config;
  const key = pathText(['config', ...issue.path]);
  const text = issueText({ ...issue, path: ['config', ...issue.path] });
  throw new XylemError('E_CONFIG_INVALID', `The configuration of ${component} is not valid: ${text}.`, {
    details: { component, key, expected: issue.expected },
  });
}

/**
 * Of a configuration that was written for another release of the component what this package knows: top-level keys
 * that its schema refuses are left out.
 */
export function knownConfig(document: PackageDocument, given: Config): Config {
  const schema = schemaOf(document);
  const { properties = {}, additionalProperties } = typeof schema === 'boolean' ? {} : schema;
  if (additionalProperties !== false) return given;
  return Object.fromEntries(Object.entries(given).filter(([key]) => Object.hasOwn(properties, key)));
}

/**
 * Checks a configuration whose sealed values were opened; what is wrong with one of those is said without it.
 * @param opened the keys that were sealed
 * @throws XylemError E_CONFIG_INVALID
 */
export function checkOpened(document: PackageDocument, config: Config, opened: ReadonlySet<string>): void {
  const [issue] = issuesWithin(schemaOf(document), config);
  if (issue === undefined) return;
  const key = pathText(['config', ...issue.path]);
  // A check that spans keys is said without what it found, too: it may quote any of them.
  const shown = issue.path.length > 0 && !opened.has(String(issue.path[0])) ? `, found ${issue.found}` : '';
  throw new XylemError(
    'E_CONFIG_INVALID',
    `The configuration of ${document.component} is not valid once its sealed values are opened: ${key}: expected ${issue.expected}${shown}.`,
    { details: { component: document.component, key, expected: issue.expected } },
  );
}

function schemaOf({ configSchema, configDefaults = {} }: PackageDocument): JsonSchema | boolean {
  return (
    configSchema ?? {
      properties: Object.fromEntries(Object.keys(configDefaults).map((key) => [key, true])),
      additionalProperties: false,
    }
  );
}

function checkSealed(component: string, key: string, value: unknown, schema: JsonSchema | boolean): void {
  const refuse = (what: string): never => {
    throw new XylemError('E_CONFIG_INVALID', `The configuration of ${component} is not valid: ${what}.`, {
      details: { component, key: pathText(['config', key]) },
    });
  };
  if (!isSealed(value) || readSealed(value) === null)
    refuse(`${pathText(['config', key])} is no sealed value`);
  const { properties = {} } = typeof schema === 'boolean' ? {} : schema;
  const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
  const type = own === undefined || typeof own === 'boolean' ? undefined : own.type;
  if (type === undefined || [type].flat().includes('string')) return;
  refuse(
    `${pathText(['config', key])}: expected ${[type].flat().join(' or ')}, and a sealed value is a string`,
  );
}
