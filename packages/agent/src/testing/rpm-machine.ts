import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { installRpms, rpmComponent, rpmVersion, testRpm } from './rpm-packages.ts';
import type { SystemPackagesMachine } from './system-packages-contract.ts';

/** Where `dnf versionlock` keeps what it holds. */
export const versionlock = '/etc/dnf/plugins/versionlock.list';

function lock(text: string): void {
  mkdirSync(dirname(versionlock), { recursive: true });
  writeFileSync(versionlock, text);
}

/** This machine, by rpm alone. */
export const rpmMachine: SystemPackagesMachine = {
  kind: 'rpm',
  make: ({ requires = [], replaces, ...rest }) =>
    testRpm({
      ...rest,
      tags: [
        ...requires.map(([name, least]) =>
          least === undefined ? `Requires: ${name}` : `Requires: ${name} >= ${least}`,
        ),
        ...(replaces === undefined ? [] : [`Obsoletes: ${replaces}`]),
      ],
      scripts: {
        ...(rest.scripts?.before === undefined ? {} : { pre: rest.scripts.before }),
        ...(rest.scripts?.after === undefined ? {} : { post: rest.scripts.after }),
      },
    }),
  component: ({ packages, restart, ...rest }) =>
    rpmComponent({ ...rest, rpms: packages, ...(restart === undefined ? {} : { rpm: { restart } }) }),
  versionOf: rpmVersion,
  installByHand: installRpms,
  hold: (name) => lock(`# by hand\n${name}-0:1.0-1.*\n`),
  unhold: () => rmSync(versionlock),
};
