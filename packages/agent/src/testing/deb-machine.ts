import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debComponent, dpkgVersion, testDeb } from './deb-packages.ts';
import type { SystemPackagesMachine } from './system-packages-contract.ts';

/** This machine, by dpkg and apt. */
export const debMachine: SystemPackagesMachine = {
  kind: 'deb',
  make: ({ requires = [], replaces, scripts = {}, configs = [], ...rest }) => {
    const needs = requires.map(([name, least]) => (least === undefined ? name : `${name} (>= ${least})`));
    const { before, after } = scripts;
    return testDeb({
      ...rest,
      control: [
        ...(needs.length === 0 ? [] : [`Depends: ${needs.join(', ')}`]),
        ...(replaces === undefined ? [] : [`Conflicts: ${replaces}`, `Replaces: ${replaces}`]),
      ],
      conffiles: configs,
      scripts: {
        ...(before === undefined ? {} : { preinst: before }),
        ...(after === undefined ? {} : { postinst: after }),
      },
    });
  },
  component: ({ packages, restart, ...rest }) =>
    debComponent({ ...rest, debs: packages, ...(restart === undefined ? {} : { deb: { restart } }) }),
  versionOf: dpkgVersion,
  installByHand: (...debs) => {
    const folder = mkdtempSync('/tmp/xylem-by-hand-');
    const paths = debs.map(({ carried, content }) => {
      const path = join(folder, carried.file);
      writeFileSync(path, content);
      return path;
    });
    execFileSync('dpkg', ['--install', ...paths], { stdio: 'ignore' });
  },
  hold: (name) => execFileSync('apt-mark', ['hold', name]),
  unhold: (name) => execFileSync('apt-mark', ['unhold', name]),
};
