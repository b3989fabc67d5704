import { XylemError } from '@xylem/core';
import type { DriverTools } from '../driver.ts';
import { actLocked } from './locked.ts';
import { isInterrupted } from './status.ts';

const mostText = 1_500;

/**
 * Lets dpkg finish what was broken off while it wrote its database; before that apt does nothing at all. A package whose
 * script fails stays as it is: what is installed next may replace it.
 * @throws XylemError E_PACKAGE_SYSTEM when its database does not come right
 */
export async function repairDpkg(component: string, tools: DriverTools): Promise<void> {
  if (!isInterrupted()) return;
  tools.log.warn('dpkg was broken off; it finishes', { component });
  const { output } = await actLocked(
    'dpkg',
    ['--configure', '--pending', '--force-confdef', '--force-confold'],
    component,
    tools,
  );
  if (!isInterrupted()) return;
  throw new XylemError(
    'E_PACKAGE_SYSTEM',
    `dpkg was broken off on this host, and \`dpkg --configure -a\` does not make it right: ${output.trim().slice(-mostText)}`,
  );
}

/** apt touches nothing while a package lies there half unpacked; dpkg itself looks whether others need it. */
export async function removeBroken(
  component: string,
  names: readonly string[],
  tools: DriverTools,
): Promise<readonly string[]> {
  const force = ['--force-remove-reinstreq', '--remove'];
  const { code, output } = await actLocked('dpkg', [...force, ...names], component, tools);
  if (code !== 0)
    tools.log.warn('half installed packages not removed', { component, output: output.slice(-mostText) });
  return code === 0 ? names : [];
}
