import { ask } from '../system-packages/commands.ts';
import type { PackageSystem } from '../system-packages/system.ts';
import { keyOf } from '../system-packages/wanted.ts';
import { carryOut, simulate } from './apt.ts';
import { removeBroken, repairDpkg } from './repair.ts';
import { hasDpkg, packageStatus } from './status.ts';
import { verifyDebs } from './verify.ts';
import { compareDebVersions } from './versions.ts';

const removal = { verb: 'remove', again: false, candidates: [], hostSources: false } as const;

/** Debian's, by apt. */
export const dpkg: PackageSystem = {
  kind: 'deb',
  name: 'dpkg',
  holders: 'apt-mark or dpkg',
  tellsBroken: true,
  isThere: hasDpkg,
  status: packageStatus,
  compare: compareDebVersions,
  held: async ({ installs, removes }, { installed }) =>
    [...installs.keys(), ...removes].filter((name) => installed.get(name)?.held === true),
  repair: repairDpkg,
  simulateInstall: async (request, tools) => simulate(await aptRequest(request), tools),
  install: async (request, may, tools) => ({
    ...(await carryOut(await aptRequest(request), may, tools)),
    isPartial: false,
  }),
  simulateRemoval: async (component, what, tools) =>
    (await simulate({ ...removal, component, what }, tools)).removes,
  remove: (component, what, tools) =>
    carryOut({ ...removal, component, what }, { remove: true, goBack: false }, tools),
  removeBroken,
  filesOf: async (names) => {
    if (names.length === 0) return [];
    return (await ask('dpkg-query', ['--listfiles', ...names])).output.split('\n');
  },
  verify: verifyDebs,
};

async function aptRequest({ wanted, ...request }: Parameters<PackageSystem['simulateInstall']>[0]) {
  const { native } = await packageStatus();
  const what = wanted.map((one) => `${keyOf(one.package, one.architecture, native)}=${one.version}`);
  return { ...request, verb: 'install' as const, what };
}
