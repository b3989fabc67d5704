import type { Clock, Log } from '@xylem/platform';
import { stateLayout } from '../state/layout.ts';
import { connectSupervisor } from './connection.ts';
import { lookAtRecord } from './family.ts';
import { findServices } from './found.ts';
import { instanceOf, type ServiceState } from './protocol.ts';
import { adoptedRecords, serviceRecords } from './records.ts';
import { supervisorSocketPath } from './socket-path.ts';
import { endUnits } from './systemd/end-units.ts';

const answerMs = 120_000;
const quietMs = 5_000;

/** One of protocol 2 names no instances. */
type ListedService = Pick<ServiceState, 'component'> & Partial<Pick<ServiceState, 'instance'>>;

/**
 * Ends every service of a state folder and its supervisor, for a host that is taken down: an agent that runs there
 * later starts them again. End the agent first. Returns how many there were.
 */
export async function stopServices(options: StopOptions): Promise<number> {
  const units = await endUnits(options);
  return units + (await stopSupervised(options));
}

interface StopOptions {
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

async function stopSupervised(options: StopOptions): Promise<number> {
  let hasEnded = false;
  const connection = await connectSupervisor(supervisorSocketPath(options.stateFolder), {
    changed: () => undefined,
    closed: () => {
      hasEnded = true;
    },
  });
  if (connection === null) return await stopOrphans(options);
  let count = 0;
  try {
    const services = (await connection.ask({ op: 'list' }, answerMs)) as ListedService[];
    count = services.length;
    const stops = services.map(({ component, instance = component }) =>
      connection.ask({ op: 'stop', instance, component: instance }, answerMs),
    );
    await Promise.all(stops);
    await connection.ask({ op: 'handover' }, answerMs);
  } catch (error) {
    if (!hasEnded) throw error;
    // It was about to end when it was asked: what it leaves is ended as that of one that was killed.
    return Math.max(count, await stopOrphans(options));
  }
  connection.close();
  return count;
}

/** Services whose supervisor was killed. */
async function stopOrphans({ stateFolder, clock, log }: StopOptions): Promise<number> {
  const { supervisor } = stateLayout(stateFolder);
  const file = serviceRecords(supervisor, log);
  const kept = (await file.read())?.services ?? [];
  const instances = new Set(kept.map(({ spec }) => instanceOf(spec)));
  const adopted = (await adoptedRecords(supervisor, log).read())?.services ?? [];
  const lost = adopted.filter(({ spec }) => !instances.has(instanceOf(spec)));
  const services = [...kept, ...lost, ...findServices(supervisor, new Set(kept.map(({ mark }) => mark)))];
  if (services.length === 0) return 0;
  const looks = services.map(lookAtRecord);
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of looks.flatMap((look) => look())) {
      try {
        process.kill(pid, name);
      } catch {
        // Ended in between.
      }
    }
  };
  signal('SIGTERM');
  const deadline = clock.monotonicMs() + quietMs;
  while (looks.some((look) => look().length > 0) && clock.monotonicMs() < deadline) {
    await clock.sleep(50);
  }
  signal('SIGKILL');
  // They have ended, whatever the disk can keep of it.
  await file.write({ services: [] }).catch((cause) => log.warn('service table not written', { cause }));
  return services.length;
}
