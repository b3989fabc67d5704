import { readdir } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { loadIdentity } from '@xylem/trust';
import { acceptedFile } from '../direction/accepted-file.ts';
import { spoolFile } from '../reports/spool.ts';
import { slotFile } from '../slot/record.ts';
import { stateLayout } from '../state/layout.ts';
import { serviceRecords } from '../supervisor/records.ts';

/**
 * Whether this version reads what another has written; changes nothing. A damaged document is no fault: every version
 * sets it aside and finds again what it said.
 * @throws XylemError E_STATE_VERSION; what reading the identity throws
 */
export async function checkState(stateFolder: string): Promise<void> {
  const layout = stateLayout(stateFolder);
  const components = await readdir(layout.components).catch(() => []);
  const files = [
    acceptedFile(layout.accepted, silentLog),
    spoolFile(layout.reports, silentLog),
    serviceRecords(layout.supervisor, silentLog),
    ...components.map((component) => slotFile(layout.component(component).slot, silentLog)),
  ];
  for (const file of files) {
    const format = await file.foreignFormat();
    if (format === null) continue;
    throw new XylemError(
      'E_STATE_VERSION',
      `${file.path} has the format ${format}, which this version does not know.`,
    );
  }
  await loadIdentity(layout.identity);
}
