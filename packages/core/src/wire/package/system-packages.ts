import { array, closedObject, integer, literal, object, oneOf, string } from '../../schema/build.ts';
import type { PackageDocument } from './document.ts';
import type { PackageFault, PackagePart } from './part.ts';

/**
 * docs/spec/components/deb.md, rpm.md: packages of the host's own package system, carried as files of a tree. The schema
 * lets pass what any of these systems may say; the rules below what the one of the document's kind may.
 */

type PackageKind = 'deb' | 'rpm';
const fields = ['file', 'package', 'version', 'architecture'] as const;

interface SystemRules {
  readonly patterns: Readonly<Record<(typeof fields)[number], readonly [what: string, RegExp]>>;
  /** The architecture of what runs anywhere. */
  readonly any: string;
  /** Its words for what `process.arch` says. */
  readonly architectures: Readonly<Record<string, string>>;
}

/** No `/` at the beginning, no segment `.` or `..`. */
const belowTree = '(?!/)(?!(?:.*/)?\\.\\.?(?:/|$))';

export const systemRules: Readonly<Record<PackageKind, SystemRules>> = {
  deb: {
    patterns: {
      file: ['the path of a .deb in the tree', new RegExp(`^${belowTree}[^\\0]+\\.deb$`)],
      package: ['the name of a Debian package', /^[a-z0-9][a-z0-9+.-]*[a-z0-9+]$/],
      version: ['the version of a Debian package', /^[0-9][A-Za-z0-9.+~:-]*$/],
      architecture: ['an architecture of Debian like "amd64" or "all"', /^[a-z0-9]+(-[a-z0-9]+)*$/],
    },
    any: 'all',
    architectures: {
      x64: 'amd64',
      ia32: 'i386',
      arm64: 'arm64',
      arm: 'armhf',
      ppc64: 'ppc64el',
      s390x: 's390x',
      riscv64: 'riscv64',
      loong64: 'loong64',
    },
  },
  rpm: {
    patterns: {
      // rpm takes the names of files for patterns, and for addresses of others.
      file: [
        'the path of an .rpm in the tree, of letters, digits and "._+~^@=,-"',
        new RegExp(`^${belowTree}[A-Za-z0-9_][A-Za-z0-9._+~^@=,/-]*\\.rpm$`),
      ],
      package: ['the name of an rpm package', /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/],
      version: [
        'the version of an rpm package like "1:2.4.0-1.el9" (without an epoch of 0)',
        /^(?:[1-9][0-9]*:)?[A-Za-z0-9._+~^]+-[A-Za-z0-9._+~^]+$/,
      ],
      architecture: ['an architecture of rpm like "x86_64" or "noarch"', /^[a-z0-9_]+$/],
    },
    any: 'noarch',
    architectures: {
      x64: 'x86_64',
      ia32: 'i686',
      arm64: 'aarch64',
      arm: 'armv7hl',
      ppc64: 'ppc64le',
      s390x: 's390x',
      riscv64: 'riscv64',
      loong64: 'loongarch64',
    },
  },
};

const carriedSchema = object(
  {
    file: string({ title: 'the path of a package in the tree', minLength: 1, maxLength: 4096 }),
    package: string({
      title: 'the name of a package',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9._+-]*$',
      maxLength: 128,
    }),
    version: string({
      title: 'the version of a package',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9._+~^:-]*$',
      maxLength: 128,
    }),
    architecture: string({ title: 'an architecture', pattern: '^[a-z0-9_-]+$', maxLength: 64 }),
  },
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

/** The block of either kind. */
export const systemPackagesSchema = closedObject({}, { restart: oneOf('services', 'reboot', 'none') });

/** Where a variant says nothing else: what maps a replaced library is started again. */
export const restartDefault = 'services';

type Variant = PackageDocument['variants'][number];

export const systemPackagesPart: PackagePart = {
  // Readers of before knew the kind by its name, and nothing of what its variants say.
  needs: { name: 'rpm', isNeeded: ({ kind }) => kind === 'rpm' },
  fault: (document) => {
    for (const kind of ['deb', 'rpm'] as const) {
      if (document.kind !== kind && document[kind] !== undefined)
        return { path: [kind], sentence: `expected for the kind "${kind}" and for no other` };
    }
    for (const [i, variant] of document.variants.entries()) {
      const fault = isOfPackages(document.kind)
        ? ownVariantFault(variant, systemRules[document.kind])
        : otherVariantFault(variant);
      if (fault !== undefined) return { ...fault, path: ['variants', i, ...fault.path] };
    }
    return undefined;
  },
};

/** Whether components of a kind are made of a package system's own packages. Pure. */
export function isOfPackages(kind: PackageDocument['kind']): kind is PackageKind {
  return Object.hasOwn(systemRules, kind);
}

/** An agent that does not know these keys installs the kind all the same: for others they would be overlooked. */
function otherVariantFault(variant: Variant): PackageFault | undefined {
  const keys = ['packages', 'distribution', 'distributionVersion'] as const;
  const key = keys.find((name) => variant[name] !== undefined);
  return key && { path: [key], sentence: 'expected for the kinds "deb" and "rpm", and for no other' };
}

function ownVariantFault(variant: Variant, rules: SystemRules): PackageFault | undefined {
  const { packages = [], distribution, distributionVersion: release } = variant;
  if (release !== undefined && distribution === undefined)
    return { path: ['distributionVersion'], sentence: 'expected only beside a distribution' };
  if (!packages.some(({ asNeeded }) => asNeeded === undefined))
    return { path: ['packages'], sentence: 'expected at least one package that is not asNeeded' };
  const seen = new Set<string>();
  for (const [i, one] of packages.entries()) {
    const key = `${one.package}:${one.architecture}`;
    const fault = seen.has(key)
      ? { path: ['package'], sentence: 'expected each package once' }
      : carriedFault(one, variant.arch, rules);
    if (fault !== undefined) return { ...fault, path: ['packages', i, ...fault.path] };
    seen.add(key);
  }
  return undefined;
}

function carriedFault(
  one: NonNullable<Variant['packages']>[number],
  arch: string | undefined,
  { patterns, any, architectures }: SystemRules,
): PackageFault | undefined {
  for (const field of fields) {
    const [what, pattern] = patterns[field];
    if (!pattern.test(one[field])) return { path: [field], sentence: `expected ${what}` };
  }
  const fitting = [any, ...(arch === undefined ? [] : [architectures[arch] ?? arch])];
  if (fitting.includes(one.architecture)) return undefined;
  const where = arch === undefined ? 'without arch' : `with arch ${arch}`;
  return {
    path: ['architecture'],
    sentence: `expected ${fitting.join(' or ')} in a variant ${where}, found ${one.architecture}`,
  };
}
