import { array, closedObject, integer, literal, object, oneOf, string } from '../../schema/build.ts';
import type { PackageDocument } from './document.ts';
import type { PackageFault, PackagePart } from './part.ts';

/** docs/spec/components/deb.md: packages of the host's own package system, carried as files of a tree. */

export const packageName = string({
  title: 'the name of a Debian package',
  pattern: '^[a-z0-9][a-z0-9+.-]*[a-z0-9+]$',
  maxLength: 128,
});
const packageVersion = string({
  title: 'the version of a Debian package',
  pattern: '^[0-9][A-Za-z0-9.+~:-]*$',
  maxLength: 128,
});
const debArchitecture = string({
  title: 'an architecture of Debian like "amd64" or "all"',
  pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
  maxLength: 64,
});
const debFile = string({
  title: 'the path of a .deb in the tree',
  pattern: '^(?!/)(?!(.*/)?\\.\\.?(/|$))[^\\0]+\\.deb$',
  maxLength: 4096,
});

const carriedSchema = object(
  { file: debFile, package: packageName, version: packageVersion, architecture: debArchitecture },
  {
    /** Installed only where something needs it and the host lacks it. */
    asNeeded: literal(true),
    /** What it takes on the disk, by its own word. */
    installedKiB: integer({ maximum: 2 ** 40 }),
  },
);
export const carriedPackages = array(carriedSchema, { minItems: 1, maxItems: 2000 });

export const distributionName = string({
  title: 'the ID of a distribution like "debian"',
  pattern: '^[a-z0-9._-]{1,64}$',
});
export const distributionVersion = string({
  title: 'the VERSION_ID of a distribution like "12"',
  pattern: '^[A-Za-z0-9._-]{1,64}$',
});

export const debSchema = closedObject({}, { restart: oneOf('services', 'reboot', 'none') });

/** Where a variant says nothing else: what maps a replaced library is started again. */
export const restartDefault = 'services';

/** Debian's word for what `process.arch` says. */
const debArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: 'i386',
  arm64: 'arm64',
  arm: 'armhf',
  ppc64: 'ppc64el',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
};

type Variant = PackageDocument['variants'][number];

export const systemPackagesPart: PackagePart = {
  fault: ({ kind, variants, deb }) => {
    if (kind !== 'deb' && deb !== undefined)
      return { path: ['deb'], sentence: 'expected for the kind "deb" and for no other' };
    for (const [i, variant] of variants.entries()) {
      const fault = kind === 'deb' ? debVariantFault(variant) : otherVariantFault(variant);
      if (fault !== undefined) return { ...fault, path: ['variants', i, ...fault.path] };
    }
    return undefined;
  },
};

/** An agent that does not know these keys installs the kind all the same: for others they would be overlooked. */
function otherVariantFault(variant: Variant): PackageFault | undefined {
  const keys = ['packages', 'distribution', 'distributionVersion'] as const;
  const key = keys.find((name) => variant[name] !== undefined);
  return key && { path: [key], sentence: 'expected for the kind "deb" and for no other' };
}

function debVariantFault(variant: Variant): PackageFault | undefined {
  const { packages = [], arch, distribution, distributionVersion: release } = variant;
  if (release !== undefined && distribution === undefined)
    return { path: ['distributionVersion'], sentence: 'expected only beside a distribution' };
  if (!packages.some(({ asNeeded }) => asNeeded === undefined))
    return { path: ['packages'], sentence: 'expected at least one package that is not asNeeded' };
  const seen = new Set<string>();
  for (const [i, one] of packages.entries()) {
    const key = `${one.package}:${one.architecture}`;
    if (seen.has(key)) return { path: ['packages', i, 'package'], sentence: 'expected each package once' };
    seen.add(key);
    const fitting = ['all', ...(arch === undefined ? [] : [debArchitectures[arch] ?? arch])];
    if (fitting.includes(one.architecture)) continue;
    return {
      path: ['packages', i, 'architecture'],
      sentence: `expected ${fitting.join(' or ')} in a variant ${arch === undefined ? 'without arch' : `with arch ${arch}`}, found ${one.architecture}`,
    };
  }
  return undefined;
}
