import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Clock, Log, Randomness } from '@xylem/platform';
import { isAlive, type ProcessIdentity } from '../state/process-identity.ts';
import { findServices, isRunAs, labelOf } from './found.ts';
import { instanceOf, type SecretVariables, type ServiceSpec, type ServiceState } from './protocol.ts';
import { adoptedRecords, type ServiceRecord, serviceRecords } from './records.ts';
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
  /**
   * From now on a process that others started from `path` counts as the service of `spec`; it goes on as it is. Durable, or
   * it is not.
   * @throws XylemError E_CONFLICT when it has ended, or another runs as that service
   */
  adopt(
    spec: ServiceSpec,
    secrets: SecretVariables,
    what: { readonly process: ProcessIdentity; readonly path: string },
  ): Promise<void>;
  /** Forgets one that was adopted, and leaves it running. @throws XylemError E_CONFLICT when what was adopted has ended */
  disown(instance: string): Promise<void>;
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
  const spare = adoptedRecords(options.supervisorFolder, log);
  let spared = '';

  /** Before the table: what it lost is then known from here. */
  const saveAdopted = async (): Promise<void> => {
    const adopted = [...services.values()].map(({ record }) => record).filter((one) => one.adopted);
    const text = JSON.stringify(adopted);
    if (text === spared) return;
    if (adopted.length > 0) await spare.write({ services: adopted });
    else await rm(spare.path, { force: true });
    spared = text;
  };
  const save = (): Promise<void> => {
    const write = async (): Promise<void> => {
      await saveAdopted();
      await file.write({ services: [...services.values()].map((service) => service.record) });
    };
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
  for (const record of (await spare.read())?.services ?? []) {
    const isThere = record.process !== null && isAlive(record.process);
    if (isThere && !services.has(instanceOf(record.spec))) add(record, {});
  }
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
    adopt: (spec, secrets, { process, path }) =>
      inTurn(instanceOf(spec), async () => {
        const instance = instanceOf(spec);
        const present = services.get(instance)?.state();
        const isSame = present?.process?.pid === process.pid && present.fingerprint === spec.fingerprint;
        if (isSame) {
          services.get(instance)?.give(secrets);
          return;
        }
        if (!isAlive(process))
          throw new XylemError('E_CONFLICT', `${instance}: process ${process.pid} has ended.`);
        if (present !== undefined && present.process !== null)
          throw new XylemError('E_CONFLICT', `${instance} runs already, as process ${present.process.pid}.`);
        await end(instance);
        const mark = options.randomness.bytes(16).toString('hex');
        const record = { spec, mark, process, startedAt: clock.now(), restarts: 0, lastExit: null };
        const service = add({ ...record, adopted: { path } }, secrets);
        try {
          await save();
        } catch (error) {
          service.abandon();
          services.delete(instance);
          throw error;
        }
        log.info('took over what others started', { instance, pid: process.pid });
        options.changed(spec.component);
      }),
    disown: (instance) =>
      inTurn(instance, async () => {
        const service = services.get(instance);
        if (service === undefined) return;
        const { adopted, process } = service.state();
        if (adopted === undefined || process === null) {
          const why = `${instance} runs as Xylem started it by now: there is nothing that could go on without it.`;
          throw new XylemError('E_CONFLICT', why);
        }
        service.abandon();
        services.delete(instance);
        try {
          await save();
        } catch (error) {
          add(service.record, {});
          throw error;
        }
        log.info('gave back what others started', { instance, pid: process.pid });
        options.changed(service.spec.component);
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
