import { readdir } from 'node:fs/promises';
import type { DriverTools } from '../driver.ts';
import { type PackagesRecord, packagesRecord } from './record.ts';
import type { PackageSystem } from './system.ts';
import { keyOf } from './wanted.ts';

export type Records = ReadonlyMap<string, PackagesRecord>;

/** What every component of this host changed of its packages of one system, by component. */
export async function allRecords(
  kind: PackageSystem['kind'],
  tools: Pick<DriverTools, 'layout' | 'log'>,
): Promise<Records> {
  const components: string[] = await readdir(tools.layout.components).catch(() => []);
  return await recordsOf(components, kind, tools);
}

/** Of these components alone. */
export async function recordsOf(
  components: readonly string[],
  kind: PackageSystem['kind'],
  tools: Pick<DriverTools, 'layout' | 'log'>,
): Promise<Records> {
  const records = new Map<string, PackagesRecord>();
  for (const component of components.toSorted()) {
    const record = await recordFile(component, tools).read();
    if (record?.kind === kind) records.set(component, record);
  }
  return records;
}

export function recordFile(component: string, { layout, log }: Pick<DriverTools, 'layout' | 'log'>) {
  return packagesRecord(layout.component(component).packages, log);
}

/** What other components keep installed, by package. Pure. */
export function keptByOthers(
  records: Records,
  component: string,
  native: string,
): Map<string, { component: string; version: string }> {
  const kept = new Map<string, { component: string; version: string }>();
  for (const [other, { wanted }] of records) {
    if (other === component) continue;
    for (const { package: name, architecture, version } of wanted)
      kept.set(keyOf(name, architecture, native), { component: other, version });
  }
  return kept;
}
