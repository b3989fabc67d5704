import { limits } from '../../limits.ts';
import { anyObject, array, object, oneOf, record, string } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { pathText } from '../../schema/message.ts';
import { documentKind } from '../document.ts';
import { digest, name, sizeBytes, version } from '../fields.ts';
import { adoptSchema } from './adopt.ts';
import { agentSchema } from './agent.ts';
import { commandSchema } from './command.ts';
import { containerSchema } from './container.ts';
import { componentKind, platformName, port } from './fields.ts';
import { filesSchema } from './files.ts';
import { healthSchema } from './health.ts';
import { hooksSchema, preflightSchema } from './hooks.ts';
import { installSchema } from './install.ts';
import { jobsSchema } from './jobs.ts';
import { lockSchema } from './lock.ts';
import { migrationsSchema } from './migrations.ts';
import { refuseUnknownNeeds } from './needs.ts';
import { packageFault } from './rules.ts';
import { serviceSchema } from './service.ts';
import {
  carriedPackages,
  distributionName,
  distributionVersion,
  systemPackagesSchema,
} from './system-packages.ts';

/** docs/spec/objects.md, Package documents. */

export const packageSchema = object(
  {
    format: oneOf('xylem-package-1', 'xylem-package-2'),
    product: name,
    component: name,
    version,
    kind: componentKind,
    variants: array(
      object(
        { tree: digest, sizeBytes },
        {
          os: platformName,
          arch: platformName,
          distribution: distributionName,
          distributionVersion,
          packages: carriedPackages,
        },
      ),
      { minItems: 1, maxItems: 100 },
    ),
  },
  {
    needs: array(name, { minItems: 1, maxItems: 100 }),
    files: filesSchema,
    service: serviceSchema,
    command: commandSchema,
    agent: agentSchema,
    install: installSchema,
    container: containerSchema,
    deb: systemPackagesSchema,
    rpm: systemPackagesSchema,
    health: healthSchema,
    hooks: hooksSchema,
    preflight: preflightSchema,
    lock: lockSchema,
    ports: array(port, { maxItems: 1000 }),
    configSchema: anyObject(),
    configDefaults: anyObject(),
    requires: record(name, string({ maxLength: 256 })),
    migrations: migrationsSchema,
    adopt: adoptSchema,
    jobs: jobsSchema,
  },
);

export type PackageDocument = Static<typeof packageSchema>;
export type PackageVariant = PackageDocument['variants'][number];
export type CarriedPackage = NonNullable<PackageVariant['packages']>[number];
export type HealthCheck = NonNullable<PackageDocument['health']>;

const kind = documentKind(packageSchema, {
  what: 'package document',
  format: ['xylem-package-1', 'xylem-package-2'],
  maxBytes: limits.package,
  code: 'E_PACKAGE_INVALID',
  refuseUnknown: refuseUnknownNeeds,
  check: (document) => {
    const fault = packageFault(document);
    return fault === undefined ? undefined : `${pathText(fault.path)}: ${fault.sentence}`;
  },
});
export const parsePackage = kind.parse;
export const encodePackage = kind.encode;
