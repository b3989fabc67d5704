import { limits } from '../limits.ts';
import {
  anyObject,
  array,
  closedObject,
  either,
  integer,
  literal,
  object,
  oneOf,
  record,
  string,
  titled,
} from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { pathText } from '../schema/message.ts';
import { documentKind } from './document.ts';
import { digest, name, sizeBytes, version } from './fields.ts';
import { packageFault } from './package-rules.ts';

/** docs/spec/objects.md, Package documents. */

const argument = string({ title: 'an argument without NUL', pattern: '^[^\\0]*$', maxLength: 128 * 1024 });
const command = array(argument, { minItems: 1, maxItems: 1000, title: 'a command: a list of arguments' });
/** A number, or text with placeholders that become one. */
export const port = titled(
  either(integer({ minimum: 1, maximum: 65_535 }), string({ minLength: 1, maxLength: 255 })),
  'a port (1 to 65535, or text with a placeholder)',
);
const durationMs = integer({ title: 'milliseconds', minimum: 1, maximum: 24 * 3_600_000 });
export const platformName = string({
  title: 'a platform name like "linux" or "x64"',
  pattern: '^[a-z0-9_]{1,32}$',
});
export const variableName = string({ title: 'a variable name', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,254}$' });
export const componentKinds = [
  'files',
  'service',
  'deb',
  'rpm',
  'container',
  'kubernetes',
  'command',
] as const;

const timing = {
  intervalMs: durationMs,
  timeoutMs: durationMs,
  startTimeoutMs: durationMs,
  successes: integer({ minimum: 1, maximum: 1000 }),
};

export const packageSchema = object(
  {
    format: literal('xylem-package-1'),
    product: name,
    component: name,
    version,
    kind: oneOf(...componentKinds),
    variants: array(object({ tree: digest, sizeBytes }, { os: platformName, arch: platformName }), {
      minItems: 1,
      maxItems: 100,
    }),
  },
  {
    service: object({ command }, { environment: record(variableName, argument), stopTimeoutMs: durationMs }),
    health: object(
      {},
      {
        http: closedObject(
          { port },
          {
            path: string({ pattern: '^/[^\\s\\p{Cc}]*$', maxLength: 2048 }),
            status: integer({ minimum: 100, maximum: 599 }),
          },
        ),
        tcp: closedObject({ port }),
        command,
        ...timing,
      },
    ),
    ports: array(port, { maxItems: 1000 }),
    configSchema: anyObject(),
    configDefaults: anyObject(),
    requires: record(name, string({ maxLength: 256 })),
  },
);

export type PackageDocument = Static<typeof packageSchema>;
export type PackageVariant = PackageDocument['variants'][number];
export type HealthCheck = NonNullable<PackageDocument['health']>;

/** What a health check's absent values mean. */
export const healthDefaults = {
  intervalMs: 1000,
  timeoutMs: 2000,
  startTimeoutMs: 60_000,
  successes: 1,
  httpPath: '/',
  httpStatus: 200,
} as const;
export const stopTimeoutDefaultMs = 10_000;

const kind = documentKind(packageSchema, {
  what: 'package document',
  format: 'xylem-package-1',
  maxBytes: limits.package,
  code: 'E_PACKAGE_INVALID',
  check: (document) => {
    const fault = packageFault(document);
    return fault === undefined ? undefined : `${pathText(fault.path)}: ${fault.sentence}`;
  },
});
export const parsePackage = kind.parse;
export const encodePackage = kind.encode;
