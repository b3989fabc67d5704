import { XylemError } from '../../errors.ts';
import { anyObject, array, closedObject, oneOf, record, string } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { pathText } from '../../schema/message.ts';
import { name, version } from '../../wire/fields.ts';
import { adoptBlock } from '../../wire/package/adopt.ts';
import { agentSchema } from '../../wire/package/agent.ts';
import type { PackageDocument, PackageVariant } from '../../wire/package/document.ts';
import { componentKinds, platformName, port } from '../../wire/package/fields.ts';
import { formatOf } from '../../wire/package/needs.ts';
import { packageFault } from '../../wire/package/rules.ts';
import { distributionName, distributionVersion, isOfPackages } from '../../wire/package/system-packages.ts';
import { type CheckedYaml, checkYaml } from '../check.ts';
import { durationMs } from '../duration.ts';
import { commandFrom, commandYaml } from './command.ts';
import { containerFrom, containerYaml } from './container.ts';
import { filesFrom, filesYaml } from './files.ts';
import { healthFrom, healthYaml } from './health.ts';
import { hooksFrom, hooksYaml, preflightFrom, preflightYaml } from './hooks.ts';
import { jobsFrom, jobsYaml } from './jobs.ts';
import { lockFrom, lockYaml } from './lock.ts';
import { migrationsFrom, migrationsYaml } from './migrations.ts';
import type { Milliseconds } from './milliseconds.ts';
import { serviceFrom, serviceYaml } from './service.ts';
import { anyPackages, debYaml, rpmYaml, systemPackagesFrom } from './system-packages.ts';

const pattern = string({
  title: 'a path pattern like "dist/**"',
  minLength: 1,
  maxLength: 4096,
  pattern: '^[^\\0]+$',
});
const folder = string({
  title: 'a folder below the manifest, without ..',
  minLength: 1,
  maxLength: 4096,
  pattern: '^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\0]+$',
});
const platform = {
  os: platformName,
  arch: platformName,
  distribution: distributionName,
  distributionVersion,
};
const platformKeys = ['os', 'arch', 'distribution', 'distributionVersion'] as const;
const manifestSchema = closedObject(
  { product: name, component: name, version },
  {
    kind: oneOf(...componentKinds),
    folder,
    include: array(pattern, { maxItems: 1000 }),
    exclude: array(pattern, { maxItems: 1000 }),
    agent: agentSchema,
    files: filesYaml,
    ...platform,
    variants: array(closedObject({ folder }, platform), { minItems: 1, maxItems: 100 }),
    deb: debYaml,
    rpm: rpmYaml,
    service: serviceYaml,
    command: commandYaml,
    container: containerYaml,
    health: healthYaml,
    hooks: hooksYaml,
    preflight: preflightYaml,
    lock: lockYaml,
    ports: array(port, { maxItems: 1000 }),
    configSchema: anyObject(),
    configDefaults: anyObject(),
    requires: record(name, string({ title: 'a version range like "^2.1.0"', maxLength: 256 })),
    migrations: migrationsYaml,
    adopt: closedObject({}, adoptBlock),
    jobs: jobsYaml,
  },
);

/** A folder that becomes one variant's tree. */
export interface ManifestSource {
  readonly folder: string;
  readonly os?: string;
  readonly arch?: string;
  readonly distribution?: string;
  readonly distributionVersion?: string;
}

/** `xylem.yaml`, read: what to publish and everything of the package document but its variants. */
export interface PackageManifest {
  readonly sources: readonly ManifestSource[];
  /** Patterns; absent: everything. */
  readonly include?: readonly string[];
  readonly exclude: readonly string[];
  /** Of a container, where the source holds several images. */
  readonly image?: string;
  /** Of the kinds deb and rpm: what must be installed; absent: every package of the folder. */
  readonly install?: readonly string[];
  readonly package: Omit<PackageDocument, 'variants'>;
}

/** Reads `xylem.yaml`. Throws E_INPUT naming file, line, column, key and what is expected. */
export function parseManifestYaml(text: string, file: string): PackageManifest {
  const checked = checkYaml(text, manifestSchema, file);
  const { value, refuse } = checked;
  const { folder, variants, include, exclude = [] } = value;
  const install = value.deb?.install ?? value.rpm?.install;
  if (variants !== undefined) {
    for (const key of ['folder', ...platformKeys] as const) {
      if (value[key] !== undefined) refuse([key], 'expected inside each of the variants, not beside them');
    }
  }
  if (value.kind === 'container' || value.container !== undefined) {
    for (const key of ['include', 'exclude'] as const) {
      if (value[key] !== undefined)
        refuse([key], 'expected for other kinds only: an image is published whole');
    }
  }
  const only = {
    folder: folder ?? '.',
    ...platformOf(value),
  };
  const manifest: PackageManifest = {
    sources: variants ?? [only],
    ...(include === undefined ? {} : { include }),
    exclude,
    ...(value.container?.image === undefined ? {} : { image: value.container.image }),
    ...(install === undefined ? {} : { install }),
    package: packageFrom(checked),
  };
  refuseFaults(checked, manifest);
  return manifest;
}

/** The package document of a manifest whose trees have been published. Throws E_PACKAGE_INVALID. */
export function packageDocumentOf(
  manifest: PackageManifest,
  variants: readonly PackageVariant[],
): PackageDocument {
  const document = { ...manifest.package, variants };
  const fault = packageFault(document);
  if (fault !== undefined) {
    throw new XylemError(
      'E_PACKAGE_INVALID',
      `The package is not valid: ${pathText(fault.path)}: ${fault.sentence}.`,
    );
  }
  return document;
}

type Value = Static<typeof manifestSchema>;

function packageFrom({ value, refuse }: CheckedYaml<Value>): PackageManifest['package'] {
  const ms: Milliseconds = (given, ...path) =>
    durationMs(given) ?? refuse(path, `expected a duration from 1ms to 24h, found ${JSON.stringify(given)}`);
  const {
    product,
    component,
    version: released,
    files,
    service,
    command,
    adopt,
    agent,
    container,
    deb,
    rpm,
    health,
    hooks,
    preflight,
    lock,
    configSchema,
    configDefaults,
    requires,
    migrations,
    jobs,
  } = value;
  const fields = {
    product,
    component,
    version: released,
    kind: value.kind ?? impliedKind(value),
    ...(files === undefined ? {} : { files: filesFrom(files, ms) }),
    ...(service === undefined ? {} : { service: serviceFrom(service, ms) }),
    ...(command === undefined ? {} : { command: commandFrom(command, ms) }),
    ...(agent === undefined ? {} : { agent }),
    ...(container === undefined ? {} : { container: containerFrom(container, ms) }),
    ...(deb === undefined ? {} : { deb: systemPackagesFrom(deb) }),
    ...(rpm === undefined ? {} : { rpm: systemPackagesFrom(rpm) }),
    ...(health === undefined ? {} : { health: healthFrom(health, ms) }),
    ...(hooks === undefined ? {} : { hooks: hooksFrom(hooks, ms) }),
    ...(lock === undefined ? {} : { lock: lockFrom(lock, ms) }),
    ...(preflight === undefined ? {} : { preflight: preflightFrom(preflight) }),
    ...portsOf(value),
    ...(configSchema === undefined ? {} : { configSchema }),
    ...(configDefaults === undefined ? {} : { configDefaults }),
    ...(requires === undefined ? {} : { requires }),
    ...(adopt === undefined ? {} : { adopt }),
    ...(migrations === undefined ? {} : { migrations: migrationsFrom(migrations, ms) }),
    ...(jobs === undefined ? {} : { jobs: jobsFrom(jobs, ms) }),
  };
  return { ...formatOf(fields), ...fields };
}

/** What says how something runs says what it is. */
function impliedKind({ service, command, container, deb, rpm }: Value): PackageDocument['kind'] {
  if (container !== undefined) return 'container';
  if (service !== undefined) return 'service';
  if (deb !== undefined) return 'deb';
  if (rpm !== undefined) return 'rpm';
  return command === undefined ? 'files' : 'command';
}

/** What two components must not both claim: also what a container publishes. */
function portsOf({ ports, container }: Value): Pick<PackageDocument, 'ports'> {
  const published = container?.ports?.map(({ host }) => host) ?? [];
  if (ports === undefined && published.length === 0) return {};
  return { ports: [...new Set([...(ports ?? []), ...published])] };
}

/** The rules of package documents, said at the line where the mistake stands. */
function refuseFaults({ refuse }: CheckedYaml<Value>, manifest: PackageManifest): void {
  const { kind } = manifest.package;
  const platforms = manifest.sources.map((source) => ({
    tree: '0'.repeat(64) as PackageVariant['tree'],
    sizeBytes: 0,
    ...platformOf(source),
    ...(isOfPackages(kind) ? { packages: anyPackages[kind] } : {}),
  }));
  const fault = packageFault({ ...manifest.package, variants: platforms });
  if (fault !== undefined) refuse(fault.path, fault.sentence);
}

/** What was said of where it runs, and nothing else. */
function platformOf(given: Omit<ManifestSource, 'folder'>): Omit<ManifestSource, 'folder'> {
  return Object.fromEntries(
    platformKeys.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]])),
  );
}
