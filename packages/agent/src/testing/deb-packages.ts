import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CarriedPackage, PackageDocument } from '@xylem/core';
import { type TestPackage, testPackage } from './packages.ts';

export interface TestDeb {
  readonly carried: CarriedPackage;
  readonly content: Uint8Array;
}

/** A .deb that `dpkg-deb` made, without compression. */
export function testDeb(options: {
  name: string;
  version: string;
  /** Further lines of its control file. */
  control?: readonly string[];
  /** By absolute path; a file that says its version is always there. */
  files?: Readonly<Record<string, string | Buffer>>;
  /** Of files that are not 0644. */
  modes?: Readonly<Record<string, number>>;
  /** `postinst` and the like, without the first line. */
  scripts?: Readonly<Record<string, string>>;
  conffiles?: readonly string[];
  asNeeded?: boolean;
  installedKiB?: number;
}): TestDeb {
  const { name, version, control = [], files = {}, scripts = {}, conffiles = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'xylem-deb-'));
  try {
    const all = { [`/usr/share/${name}/version`]: version, ...files };
    for (const [path, content] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content, { mode: options.modes?.[path] ?? 0o644 });
    }
    const own = join(folder, 'DEBIAN');
    mkdirSync(own);
    const lines = [
      `Package: ${name}`,
      `Version: ${version}`,
      'Architecture: all',
      'Maintainer: Test <test@localhost>',
      'Description: for tests',
      ...control,
    ];
    writeFileSync(join(own, 'control'), `${lines.join('\n')}\n`);
    if (conffiles.length > 0) writeFileSync(join(own, 'conffiles'), `${conffiles.join('\n')}\n`);
    for (const [script, text] of Object.entries(scripts))
      writeFileSync(join(own, script), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const made = `${folder}.deb`;
    const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
    execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '--build', folder, made], { env });
    const content = readFileSync(made);
    rmSync(made);
    const carried = {
      file: `${name}.deb`,
      package: name,
      version,
      architecture: 'all',
      ...(options.asNeeded === true ? { asNeeded: true as const } : {}),
      ...(options.installedKiB === undefined ? {} : { installedKiB: options.installedKiB }),
    };
    return { carried, content };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A component whose tree holds these. */
export function debComponent(options: {
  component: string;
  version: string;
  debs: readonly TestDeb[];
  deb?: NonNullable<PackageDocument['deb']>;
  after?: string[];
}): TestPackage {
  const { debs, ...rest } = options;
  return testPackage({
    ...rest,
    kind: 'deb',
    files: Object.fromEntries(debs.map(({ carried, content }) => [carried.file, content])),
    carried: debs.map(({ carried }) => carried),
  });
}

/** What dpkg says of a package: its version where it is whole, its state where not, null where there is none. */
export function dpkgVersion(name: string): string | null {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-query
  const format = '${db:Status-Status} ${Version}';
  try {
    const text = execFileSync('dpkg-query', ['--show', '--showformat', format, name], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
    const [state = '', version = ''] = text.split(' ');
    if (state === 'not-installed' || state === 'config-files') return null;
    return state === 'installed' ? version : state;
  } catch {
    return null;
  }
}
