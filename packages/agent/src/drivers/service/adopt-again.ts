import { XylemError } from '@xylem/core';
import type { Placed } from '../../slot/placed.ts';
import { instanceOf, type SecretVariables, type ServiceSpec } from '../../supervisor/protocol.ts';
import type { DriverTools } from '../driver.ts';
import { runningOne } from './adopt-running.ts';
import type { Side } from './sides.ts';

/**
 * Who started an adopted service before this boot may have done so again: then that process is the service, and no second
 * one is started beside it.
 * @throws XylemError E_SERVICE_START where it runs, and can't be taken over
 */
export async function isTakenAgain(
  target: Placed,
  side: Side | null,
  spec: ServiceSpec,
  secrets: SecretVariables,
  tools: DriverTools,
): Promise<boolean> {
  const { adoption } = tools.supervisor;
  const present = (await tools.supervisor.list()).find(({ instance }) => instance === instanceOf(spec));
  if (adoption?.takes !== 'process' || present?.adopted === undefined || present.process !== null)
    return false;
  const { path } = present.adopted;
  const { process } = await runningOne(target, spec, path, tools, side).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError('E_SERVICE_START', `${instanceOf(spec)} runs already: ${why}`, { cause });
  });
  if (process === null) return false;
  await adoption.adopt(spec, secrets, { process, path });
  return true;
}
