import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CarriedPackage, PackageDocument } from '@xylem/core';
import { type TestPackage, testPackage } from './packages.ts';

export interface TestRpm {
  readonly carried: CarriedPackage;
  readonly content: Uint8Array;
}

type Script = 'pre' | 'post' | 'preun' | 'postun' | 'pretrans' | 'posttrans';

/** An .rpm that `rpmbuild` made. */
export function testRpm(options: {
  name: string;
  version: string;
  /** Further lines of its preamble. */
  tags?: readonly string[];
  /** By absolute path; a file that says its version is always there. */
  files?: Readonly<Record<string, string | Buffer>>;
  /** Of files that are not 0644. */
  modes?: Readonly<Record<string, number>>;
  scripts?: Readonly<Partial<Record<Script, string>>>;
  /** Paths whose changed files stay. */
  configs?: readonly string[];
  asNeeded?: boolean;
  installedKiB?: number;
}): TestRpm {
  const { name, version, tags = [], files = {}, scripts = {}, configs = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'xylem-rpm-'));
  try {
    const all = { [`/usr/share/${name}/version`]: version, ...files };
    const root = join(folder, 'files');
    for (const [path, content] of Object.entries(all)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content, { mode: options.modes?.[path] ?? 0o644 });
    }
    const spec = [
      `Name: ${name}`,
      `Version: ${version}`,
      'Release: 1',
      'Summary: for tests',
      'License: none',
      'BuildArch: noarch',
      'AutoReqProv: no',
      ...tags,
      '%description',
      'For tests.',
      '%install',
      `cp -a ${root}/. %{buildroot}/`,
      ...Object.entries(scripts).flatMap(([script, text]) => [`%${script}`, text]),
      '%files',
      '%defattr(-,root,root)',
      ...Object.keys(all).map((path) => (configs.includes(path) ? `%config(noreplace) ${path}` : path)),
      '',
    ].join('\n');
    writeFileSync(join(folder, 'spec'), spec);
    const defines = {
      _topdir: folder,
      _dbpath: join(folder, 'database'),
      _build_id_links: 'none',
      __os_install_post: '%{nil}',
      debug_package: '%{nil}',
      source_date_epoch_from_changelog: '0',
      _buildhost: 'localhost',
      _binaries_in_noarch_packages_terminate_build: '0',
    };
    const words = Object.entries(defines).flatMap(([macro, value]) => ['--define', `${macro} ${value}`]);
    execFileSync('rpmbuild', ['-bb', '--quiet', ...words, join(folder, 'spec')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' },
    });
    const made = join(folder, 'RPMS', 'noarch');
    const content = readFileSync(join(made, readdirSync(made)[0] ?? ''));
    const epoch = tags.find((tag) => tag.startsWith('Epoch: '))?.slice('Epoch: '.length);
    const carried = {
      file: `${name}.rpm`,
      package: name,
      version: `${epoch === undefined ? '' : `${epoch}:`}${version}-1`,
      architecture: 'noarch',
      ...(options.asNeeded === true ? { asNeeded: true as const } : {}),
      ...(options.installedKiB === undefined ? {} : { installedKiB: options.installedKiB }),
    };
    return { carried, content };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A component whose tree holds these. */
export function rpmComponent(options: {
  component: string;
  version: string;
  rpms: readonly TestRpm[];
  rpm?: NonNullable<PackageDocument['rpm']>;
  after?: string[];
}): TestPackage {
  const { rpms, ...rest } = options;
  return testPackage({
    ...rest,
    kind: 'rpm',
    files: Object.fromEntries(rpms.map(({ carried, content }) => [carried.file, content])),
    carried: rpms.map(({ carried }) => carried),
  });
}

/** What rpm says of a package: its versions, oldest installation first; null where there is none. */
export function rpmVersion(name: string): string | null {
  try {
    const text = execFileSync('rpm', ['-q', '--qf', '%{VERSION}\\n', name], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
    return text.trim().split('\n').join(' and ');
  } catch {
    return null;
  }
}

/** As the administrator of the machine would, with no word to Xylem. */
export function installRpms(...rpms: readonly TestRpm[]): void {
  const folder = mkdtempSync('/tmp/xylem-by-hand-');
  const paths = rpms.map(({ carried, content }) => {
    const path = join(folder, carried.file);
    writeFileSync(path, content);
    return path;
  });
  execFileSync('rpm', ['-U', '--oldpackage', '--replacepkgs', ...paths], { stdio: 'ignore' });
}

/** What a machine of that kind has: on Debian, rpm's database knows of no shell. */
export function baseRpms(): void {
  if (rpmVersion('xt-system') === null)
    installRpms(testRpm({ name: 'xt-system', version: '1', tags: ['Provides: /bin/sh'] }));
}
