import { type Clock, type Log, silentLog } from '@xylem/platform';
import type { DriverTools } from '../drivers/driver.ts';
import { stateLayout } from '../state/layout.ts';
import type { Supervisor } from '../supervisor/client.ts';
import { connectSupervisor } from '../supervisor/connection.ts';
import type { ServiceState } from '../supervisor/protocol.ts';
import { supervisorSocketPath } from '../supervisor/socket-path.ts';
import { systemdSupervisor } from '../supervisor/systemd/client.ts';
import { isSystemdHost } from '../supervisor/systemd/systemctl.ts';
import { agentBeside } from '../update/process.ts';

const answerMs = 15_000;

/** For whoever looks at a host beside its agent: what runs is asked, nothing is started or stopped. */
export function readOnlyTools(options: {
  readonly stateFolder: string;
  readonly node: string;
  readonly clock: Clock;
  readonly log?: Log;
}): DriverTools {
  const { stateFolder, node, clock, log = silentLog } = options;
  const refuse = async (): Promise<never> => {
    throw new TypeError('who only looks changes nothing');
  };
  const supervisor: Supervisor = {
    list: async () => [
      ...(isSystemdHost()
        ? await systemdSupervisor({ stateFolder, clock, log, changed: () => undefined }).list()
        : []),
      ...(await servicesNow(stateFolder)),
    ],
    check: refuse,
    output: refuse,
    start: refuse,
    stop: refuse,
    adoption: { takes: isSystemdHost() ? 'unit' : 'process', adopt: refuse, disown: refuse },
    close: () => undefined,
  };
  const layout = stateLayout(stateFolder);
  return {
    layout,
    node,
    supervisor,
    secrets: { open: refuse },
    self: agentBeside(layout, refuse),
    isOnlooker: true,
    clock,
    log,
    signal: new AbortController().signal,
  };
}

/** Empty where no supervisor runs. */
async function servicesNow(stateFolder: string): Promise<ServiceState[]> {
  const connection = await connectSupervisor(supervisorSocketPath(stateFolder), {
    changed: () => undefined,
    closed: () => undefined,
  });
  if (connection === null) return [];
  try {
    return (await connection.ask({ op: 'list' }, answerMs)) as ServiceState[];
  } finally {
    connection.close();
  }
}
