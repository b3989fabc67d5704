import { join } from 'node:path';
import type { DriverTools } from '../driver.ts';
import { act, ask, type Ended } from '../system-packages/commands.ts';
import type { InstallEnd, InstallRequest, May, PackageSystem } from '../system-packages/system.ts';
import { keyOf } from '../system-packages/wanted.ts';
import { isBarred, isHeld, locksOfHost } from './locks.ts';
import { type Header, labelOf, queryInstalled } from './query.ts';
import { removeRemnants } from './remnants.ts';
import { removalOf } from './removal.ts';
import { repairRpm } from './repair.ts';
import { resolve } from './resolve.ts';
import { hasRpm, labelsOf, packageStatus } from './status.ts';
import { verifyRpms } from './verify.ts';
import { compareRpmVersions } from './versions.ts';

/** rpm alone: what else is around it (dnf, zypper) need not be there. */
export const rpm: PackageSystem = {
  kind: 'rpm',
  name: 'rpm',
  holders: "dnf's versionlock or zypper's locks",
  tellsBroken: false,
  isThere: hasRpm,
  status: packageStatus,
  compare: compareRpmVersions,
  held: async ({ installs, removes }, { installed }) => {
    const locks = locksOfHost();
    const barred = [...installs].filter(([key, version]) => {
      const found = installed.get(key);
      if (found?.version === version) return false;
      const [name = '', architecture = ''] = key.split(':');
      return isBarred(locks, { package: name, architecture, version });
    });
    const kept = removes.filter((key) => {
      const found = installed.get(key);
      return found !== undefined && isHeld(locks, found);
    });
    return [...barred.map(([key]) => key), ...kept];
  },
  repair: repairRpm,
  simulateInstall: async (request, tools) => {
    const status = await packageStatus();
    const { chosen, first, replaced } = await resolve(request, status, scratchOf(request.component, tools));
    return {
      installs: new Map(
        chosen.map((one) => [keyOf(one.package, one.architecture, status.native), one.version] as const),
      ),
      removes: [...new Set([...first, ...replaced])],
    };
  },
  install,
  simulateRemoval: async (_component, names) => removalOf(names, await packageStatus()),
  remove: async (component, names, tools) =>
    erase(component, labelsOf(names, await packageStatus()), [], tools),
  // To rpm what is there twice is installed twice: it goes like all else.
  removeBroken: async () => [],
  filesOf: async (names) => {
    if (names.length === 0) return [];
    const { output } = await ask('rpm', ['-ql', '--', ...labelsOf(names, await packageStatus())]);
    return output.split('\n').filter((line) => line.startsWith('/'));
  },
  verify: verifyRpms,
};

function scratchOf(component: string, { layout }: Pick<DriverTools, 'layout'>): string {
  return join(layout.component(component).folder, '.rpm');
}

async function install(request: InstallRequest, may: May, tools: DriverTools): Promise<InstallEnd> {
  const { component } = request;
  const status = await packageStatus();
  const { chosen, first } = await resolve(request, status, scratchOf(component, tools));
  if (first.length > 0 && may.remove) {
    const ended = await erase(component, labelsOf(first, status), ['--nodeps'], tools);
    if (ended.code !== 0) return { ...ended, isPartial: true };
  }
  if (chosen.length === 0) return { code: 0, output: '', isPartial: false };
  if (request.again) await removeRemnants(chosen);
  const flags = ['--replacepkgs', ...(may.goBack ? ['--oldpackage'] : [])];
  const ended = await rpmActs(component, ['-U', ...flags, '--', ...chosen.map(({ path }) => path)], tools);
  if (ended.code === null) {
    await removeRemnants(chosen);
    return { ...ended, isPartial: true };
  }
  const output = ended.output + (await dropFormer(component, chosen, status.native, tools));
  return { ...ended, output, isPartial: hasFailedScript(output, chosen) };
}

function rpmActs(component: string, args: readonly string[], tools: DriverTools): Promise<Ended> {
  return act('rpm', args, tools.layout.component(component).log);
}

function erase(
  component: string,
  what: readonly string[],
  flags: readonly string[],
  tools: DriverTools,
): Promise<Ended> {
  return rpmActs(component, ['-e', '--allmatches', ...flags, '--', ...what], tools);
}

/** What the former version's scripts kept from going: they have no say in what replaces it. */
async function dropFormer(
  component: string,
  chosen: readonly Header[],
  native: string,
  tools: DriverTools,
): Promise<string> {
  let output = '';
  const installed = Map.groupBy(await queryInstalled(), (one) =>
    keyOf(one.package, one.architecture, native),
  );
  for (const header of chosen) {
    const found = installed.get(keyOf(header.package, header.architecture, native)) ?? [];
    if (found.length < 2 || !found.some(({ version }) => version === header.version)) continue;
    for (const former of found.filter(({ version }) => version !== header.version)) {
      tools.log.warn('a former package goes without its scripts', { component, package: labelOf(former) });
      const args = ['-e', '--nodeps', '--noscripts', '--', labelOf(former)];
      output += (await rpmActs(component, args, tools)).output;
    }
  }
  return output;
}

/** rpm passes over most scripts that fail; those of what came count, those of what went do not. Pure. */
function hasFailedScript(output: string, chosen: readonly Header[]): boolean {
  const failed = output.matchAll(/%(pre|post|pretrans|posttrans)(?:in)?\(([^)]+)\) scriptlet failed/g);
  const came = new Set(chosen.map(labelOf));
  return [...failed].some(([, , label = '']) => came.has(label));
}
