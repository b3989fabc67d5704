import { XylemError } from '@xylem/core';
import type { DriverTools } from '../driver.ts';
import { act } from '../system-packages/commands.ts';
import { untilUnlocked } from './locked.ts';
import { queryInstalled } from './query.ts';

/**
 * Waits for rpm's lock, and has rpm build its indexes anew where its database can't be read. What was broken off within
 * a transaction is found by the records and by what is there twice, and installed again.
 * @throws XylemError E_PACKAGE_SYSTEM when its database does not come right
 */
export async function repairRpm(component: string, tools: DriverTools): Promise<void> {
  await untilUnlocked(component, tools);
  try {
    await queryInstalled();
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    tools.log.warn("rpm's database can't be read; it is built anew", { component });
    await act('rpm', ['--rebuilddb'], tools.layout.component(component).log);
    await queryInstalled();
  }
}
