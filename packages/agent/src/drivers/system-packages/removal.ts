import { XylemError } from '@xylem/core';
import type { DriverTools } from '../driver.ts';
import { allRecords, recordFile } from './others.ts';
import type { PackagesRecord } from './record.ts';
import type { PackageSystem } from './system.ts';

const mostText = 1_500;

/**
 * Removes those of the named packages that this component brought and nobody else needs; the others stay.
 * @param names as in the record
 * @returns those that are this component's no more
 * @throws XylemError E_PACKAGE_SYSTEM
 */
export async function removeBrought(
  system: PackageSystem,
  component: string,
  record: PackagesRecord,
  names: readonly string[],
  tools: DriverTools,
): Promise<ReadonlySet<string>> {
  const { installed } = await system.status();
  const free: string[] = [];
  const gone = new Set<string>();
  for (const name of names) {
    const found = installed.get(name);
    if (found === undefined || record.packages[name]?.before !== null) gone.add(name);
    else if (found.held) tools.log.warn('package stays: it is held', { component, package: name });
    else if (await handedOver(system, component, name, tools)) gone.add(name);
    else free.push(name);
  }
  const broken = free.filter((one) => installed.get(one)?.whole === false);
  for (const name of broken.length === 0 ? [] : await system.removeBroken(component, broken, tools)) {
    gone.add(name);
    free.splice(free.indexOf(name), 1);
  }
  const going = await onlyOwn(free, (what) => system.simulateRemoval(component, what, tools));
  const staying = free.filter((name) => !going.includes(name));
  if (staying.length > 0) tools.log.info('packages stay: others need them', { component, packages: staying });
  if (going.length === 0) return gone;
  const ended = await system.remove(component, going, tools);
  if (ended.code === 0) return new Set([...gone, ...going]);
  throw new XylemError(
    'E_PACKAGE_SYSTEM',
    `${going.join(', ')} of ${component} could not be removed (status ${ended.code}): ${ended.output.trim().slice(-mostText)}`,
  );
}

/** The most of them that can go with nothing else going. */
async function onlyOwn(
  names: readonly string[],
  removes: (names: readonly string[]) => Promise<readonly string[]>,
): Promise<string[]> {
  let free = [...names];
  const alone = async (what: readonly string[]): Promise<boolean> =>
    (await removes(what)).every((name) => free.includes(name));
  while (free.length > 0) {
    if (await alone(free)) return free;
    const before = free;
    const needed = new Set<string>();
    for (const name of before) if (!(await alone([name]))) needed.add(name);
    // No single one is to blame: none goes.
    if (needed.size === 0) return [];
    free = before.filter((name) => !needed.has(name));
  }
  return [];
}

/** Another component wants it too: it is that one's to remove from now on. */
async function handedOver(
  { kind }: PackageSystem,
  component: string,
  name: string,
  tools: DriverTools,
): Promise<boolean> {
  for (const [other, record] of await allRecords(kind, tools)) {
    const own = record.packages[name];
    if (other === component || own === undefined) continue;
    if (own.before !== null) {
      const packages = { ...record.packages, [name]: { ...own, before: null } };
      await recordFile(other, tools).write({ ...record, packages });
    }
    return true;
  }
  return false;
}
