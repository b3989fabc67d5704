import type { Clock, Log } from '@xylem/platform';
import { stateLayout } from '../../state/layout.ts';
import { instanceOf, type ServiceSpec } from '../protocol.ts';
import { systemdSupervisor } from './client.ts';
import { unitRecords } from './records.ts';
import { isSystemdHost } from './systemctl.ts';

/** Ends and removes the units of a state folder that fit, for a host that is taken down or leaves. Returns how many. */
export async function endUnits(
  { stateFolder, clock, log }: { stateFolder: string; clock: Clock; log: Log },
  fits: (spec: ServiceSpec) => boolean = () => true,
): Promise<number> {
  if (!isSystemdHost()) return 0;
  const specs = (await unitRecords(stateLayout(stateFolder).supervisor, log).all()).filter(fits);
  const supervisor = systemdSupervisor({ stateFolder, clock, log, changed: () => undefined });
  for (const spec of specs) await supervisor.stop(instanceOf(spec), spec.stopTimeoutMs);
  supervisor.close();
  return specs.length;
}
