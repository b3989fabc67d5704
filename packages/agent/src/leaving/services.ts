import { XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { StateLayout } from '../state/layout.ts';
import { connectSupervisor, type SupervisorConnection } from '../supervisor/connection.ts';
import { lookAtRecord } from '../supervisor/family.ts';
import { instanceOf } from '../supervisor/protocol.ts';
import { type ServiceRecord, serviceRecords } from '../supervisor/records.ts';
import { supervisorSocketPath } from '../supervisor/socket-path.ts';
import { endUnits } from '../supervisor/systemd/end-units.ts';

interface Tools {
  readonly layout: StateLayout;
  readonly clock: Clock;
  readonly log: Log;
}

const answerMs = 120_000;
const endMs = 20_000;
const pollMs = 50;

/**
 * Ends the services that fit, and the supervisor's process with all that it remembers; those that go on are adopted by
 * the next one. @throws XylemError E_SUPERVISOR
 */
export async function endServices(
  tools: Tools,
  fits: (record: Pick<ServiceRecord, 'spec'>) => boolean,
): Promise<void> {
  const { layout, log } = tools;
  await endUnits({ ...tools, stateFolder: layout.root }, (spec) => fits({ spec }));
  const file = serviceRecords(layout.supervisor, log);
  const ending = async (): Promise<readonly ServiceRecord[]> =>
    ((await file.read())?.services ?? []).filter(fits);
  let hasEnded = false;
  const connection = await reach(tools, () => {
    hasEnded = true;
  });
  if (connection !== null) {
    try {
      const stops = (await ending()).map(({ spec }) =>
        connection.ask({ op: 'stop', instance: instanceOf(spec), component: instanceOf(spec) }, answerMs),
      );
      await Promise.all(stops);
      await connection.ask({ op: 'handover' }, answerMs);
    } catch (error) {
      // It was about to end when it was asked: its services are ended below.
      if (!hasEnded) throw error;
    } finally {
      connection.close();
    }
    await untilGone(tools);
  }
  // What a supervisor that was killed left running.
  const left = await ending();
  if (left.length === 0) return;
  await Promise.all(left.map((record) => endRecorded(tools, record)));
  const others = ((await file.read())?.services ?? []).filter((record) => !fits(record));
  await file.write({ services: others });
}

/** One that is about to end may break off what connects to it just then: then it is looked at again. */
async function reach({ layout, clock }: Tools, closed: () => void): Promise<SupervisorConnection | null> {
  const deadline = clock.monotonicMs() + endMs;
  for (;;) {
    try {
      return await connectSupervisor(supervisorSocketPath(layout.root), { changed: () => undefined, closed });
    } catch (error) {
      if (clock.monotonicMs() > deadline) throw error;
      await clock.sleep(pollMs);
    }
  }
}

async function untilGone(tools: Tools): Promise<void> {
  const { clock } = tools;
  const deadline = clock.monotonicMs() + endMs;
  for (;;) {
    const still = await reach(tools, () => undefined);
    if (still === null) return;
    still.close();
    if (clock.monotonicMs() > deadline)
      throw new XylemError('E_SUPERVISOR', 'The supervisor does not end, and may remember values.');
    await clock.sleep(pollMs);
  }
}

async function endRecorded({ clock }: Tools, record: ServiceRecord): Promise<void> {
  const { spec } = record;
  const look = lookAtRecord(record);
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of look()) {
      try {
        process.kill(pid, name);
      } catch {
        // Ended in between.
      }
    }
  };
  signal(spec.terms?.stopSignal ?? 'SIGTERM');
  const deadline = clock.monotonicMs() + spec.stopTimeoutMs;
  while (look().length > 0 && clock.monotonicMs() < deadline) await clock.sleep(pollMs);
  signal('SIGKILL');
}
