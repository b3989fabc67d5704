import { join } from 'node:path';
import type { Clock, Log, Randomness } from '@xylem/platform';
import { findServices, isRunAs, labelOf } from './found.ts';
import { instanceOf, type SecretVariables, type ServiceSpec, type ServiceState } from './protocol.ts';
import { type ServiceRecord, serviceRecords } from './records.ts';
import { SupervisedService } from './service.ts';
import { boundServiceLog } from './service-log.ts';

/** Each of the two log files of a service holds at most so much. */
const logMaxBytes = 8 * 1024 * 1024;

/** All services of a host. What stands in it is meant to run; each change is durable before it is answered. */
export interface ServiceTable {
  list(): ServiceState[];
  /** Runs `spec`; a service of that instance with another fingerprint is ended first. */
  start(spec: ServiceSpec, secrets: SecretVariables): Promise<void>;
  /** Ends and forgets it. */
  stop(instance: string): Promise<void>;
  boundLogs(): void;
  size(): number;
  /** Looks after nothing any more and leaves everything running; resolves when the newest state is on disk. */
  abandon(): Promise<void>;
}

export interface TableOptions {
  readonly supervisorFolder: string;
  readonly logsFolder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  changed(component: string): void;
}

export async function openServiceTable(options: TableOptions): Promise<ServiceTable> {
  const { log, clock } = options;
  const file = serviceRecords(options.supervisorFolder, log);
  const services = new Map<string, SupervisedService>();
  const turns = new Map<string, Promise<void>>();
  let writing: Promise<void> = Promise.resolve();

  const save = (): Promise<void> => {
    const write = (): Promise<void> =>
      file.write({ services: [...services.values()].map((service) => service.record) });
    const next = writing.then(write, write);
    writing = next.catch(() => undefined);
    return next;
  };
  const logPath = (instance: string): string => join(options.logsFolder, `${instance}.log`);
  const add = (record: ServiceRecord, secrets: SecretVariables): SupervisedService => {
    const { component } = record.spec;
    const instance = instanceOf(record.spec);
    const effects = {
      clock,
      log,
      logPath: logPath(instance),
      label: labelOf(options.supervisorFolder, record.spec),
      save,
      changed: () => options.changed(component),
    };
    const service = new SupervisedService(record, effects, secrets);
    services.set(instance, service);
    return service;
  };
  /** One after the other for each instance. */
  const inTurn = (instance: string, act: () => Promise<void>): Promise<void> => {
    const turn = (turns.get(instance) ?? Promise.resolve()).then(act, act);
    turns.set(instance, turn);
    return turn;
  };
  const end = async (instance: string): Promise<void> => {
    await services.get(instance)?.stop();
    services.delete(instance);
  };

  /** What runs already as `spec` says, and was only lost from the table, goes on under its mark. */
  const takeFound = (spec: ServiceSpec): string | null => {
    const present = services.get(instanceOf(spec));
    const runs = present?.state().process ?? null;
    if (present === undefined || present.spec.fingerprint !== spec.fingerprint) return null;
    if (runs === null || !isRunAs(spec, runs)) return null;
    present.abandon();
    services.delete(instanceOf(spec));
    return present.record.mark;
  };

  const kept = (await file.read())?.services;
  for (const record of kept ?? []) add(record, {});
  const marks = new Set([...services.values()].map(({ record }) => record.mark));
  for (const record of findServices(options.supervisorFolder, marks)) {
    // Of one that the table knows, this is what it could not end.
    if (!services.has(instanceOf(record.spec))) add(record, {});
  }
  if (kept === undefined) await save().catch((cause) => log.error('service table not written', { cause }));

  return {
    list: () => [...services.values()].map((service) => service.state()),
    start: (spec, secrets) =>
      inTurn(instanceOf(spec), async () => {
        const present = services.get(instanceOf(spec));
        const isFound = present?.record.found === true;
        if (present?.spec.fingerprint === spec.fingerprint && !isFound) {
          present.give(secrets);
          return;
        }
        const taken = isFound ? takeFound(spec) : null;
        if (taken === null) await end(instanceOf(spec));
        const mark = taken ?? options.randomness.bytes(16).toString('hex');
        const service = add(
          { spec, mark, process: null, startedAt: 0, restarts: 0, lastExit: null },
          secrets,
        );
        await service.started;
        if (taken !== null) await save();
      }),
    stop: (instance) =>
      inTurn(instance, async () => {
        const component = services.get(instance)?.spec.component;
        if (component === undefined) return;
        await end(instance);
        // A full disk must not keep it from being ended. What the table says too much, the agent ends again.
        await save().catch((cause) => log.error('service table not written', { cause }));
        options.changed(component);
      }),
    boundLogs: () => {
      for (const instance of services.keys()) {
        if (boundServiceLog(logPath(instance), logMaxBytes))
          log.info('service log turned over', { instance });
      }
    },
    size: () => services.size,
    abandon: async () => {
      for (const service of services.values()) service.abandon();
      await writing;
    },
  };
}
