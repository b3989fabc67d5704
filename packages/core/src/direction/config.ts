import { XylemError } from '../errors.ts';
import { issuesOf } from '../schema/check.ts';
import { issueText, pathText } from '../schema/message.ts';
import type { PackageDocument } from '../wire/package-document.ts';

export type Config = Readonly<Record<string, unknown>>;

/**
 * The configuration of one component: the package's defaults with `given` over it, key by key at the top level,
 * checked under the package's schema. Throws E_CONFIG_INVALID naming the key and what is expected. Without a schema
 * only the keys of the defaults are known.
 */
export function configFor(document: PackageDocument, given: Config): Config {
  const { component, configSchema, configDefaults = {} } = document;
  const config = { ...configDefaults, ...given };
  const schema = configSchema ?? {
    properties: Object.fromEntries(Object.keys(configDefaults).map((key) => [key, true])),
    additionalProperties: false,
  };
  const [issue] = issuesOf(schema, config);
  if (issue === undefined) return config;
  const key = pathText(['config', ...issue.path]);
  const text = issueText({ ...issue, path: ['config', ...issue.path] });
  throw new XylemError('E_CONFIG_INVALID', `The configuration of ${component} is not valid: ${text}.`, {
    details: { component, key, expected: issue.expected },
  });
}
