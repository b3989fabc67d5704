import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, type Log, writeFileAtomic } from '@xylem/platform';
import { forwarderComponent } from '../../router/builtin/protocol.ts';
import { stateLayout } from '../../state/layout.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from '../../state/process-identity.ts';
import { accountOf, lacking } from '../account.ts';
import type { Supervisor } from '../client.ts';
import { serviceEnvironment } from '../environment.ts';
import { memoryCause } from '../exit-text.ts';
import { lastLines } from '../output.ts';
import {
  instanceOf,
  type LastExit,
  type SecretVariables,
  type ServiceSpec,
  type ServiceState,
} from '../protocol.ts';
import { startsAgain } from '../restart.ts';
import { unitAdoption } from './adoption.ts';
import { type AdoptedUnit, unitRecords } from './records.ts';
import { journalOf, statusOf, systemctl, type UnitStatus, versionOfSystemd } from './systemctl.ts';
import { environmentText, type UnitPlaces, unitOf, unitText } from './unit.ts';
import { readUnit, removeUnit, requireOwnUnit, writeUnit } from './unit-files.ts';

export interface SystemdOptions {
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly changed: (component: string) => void;
}

const lookMs = 1_000;
const beyondStopMs = 30_000;

/**
 * Services as units of systemd: they outlive the agent and start with the host, also without it. The folder of records
 * says what is meant to run; a unit that is not as its record says, or that somebody stopped, counts as another
 * service, and is made anew by the next plan.
 */
export function systemdSupervisor(options: SystemdOptions): Supervisor {
  const { clock, log } = options;
  const stateFolder = resolve(options.stateFolder);
  const layout = stateLayout(stateFolder);
  const records = unitRecords(layout.supervisor, log);
  const volatile = join('/run/xylem', createHash('sha256').update(stateFolder).digest('hex').slice(0, 24));
  const secretsOf = (instance: string): string => join(volatile, `${instance}.env`);
  const seen = new Map<string, { readonly component: string; readonly process: ProcessIdentity | null }>();
  const lastExits = new Map<string, LastExit>();
  let version: Promise<number> | null = null;
  let timer: NodeJS.Timeout | null = null;

  const placesOf = async (spec: ServiceSpec): Promise<UnitPlaces> => {
    version ??= versionOfSystemd();
    return {
      stateFolder,
      // It is no component, and has no data folder.
      data: spec.component === forwarderComponent ? layout.router : layout.component(spec.component).data,
      environment: records.environment(instanceOf(spec)),
      secrets: secretsOf(instanceOf(spec)),
      version: await version,
    };
  };
  const isAsWritten = async (spec: ServiceSpec): Promise<boolean> => {
    const text = await readUnit(unitOf(instanceOf(spec)));
    return text === unitText(spec, await placesOf(spec));
  };
  const wantsSecrets = (spec: ServiceSpec): boolean =>
    Object.keys(spec.sealed ?? {}).length > 0 && !exists(secretsOf(instanceOf(spec)));

  const stateOf = async (spec: ServiceSpec, status: UnitStatus | undefined): Promise<ServiceState> => {
    const instance = instanceOf(spec);
    const { memoryBytes } = spec.terms?.limits ?? {};
    if (status?.exit) lastExits.set(instance, { ...status.exit, ...causeOf(status, memoryBytes) });
    const restarts = status?.restarts ?? 0;
    const lastExit = lastExits.get(instance) ?? (restarts > 0 ? unseen : null);
    const isOver = status === undefined || (!status.hasJob && ['inactive', 'failed'].includes(status.active));
    // Before its program was executed, or has said that it is ready, it does not run yet.
    const isReady = status?.active !== 'activating';
    const process = status !== undefined && status.pid > 0 && isReady ? identifyProcess(status.pid) : null;
    const waits = isOver && wantsSecrets(spec);
    const rests = isOver && !waits && lastExit !== null && !startsAgain(spec.terms?.restart, lastExit);
    const isRight = (await isAsWritten(spec)) && (!isOver || rests || waits);
    return {
      component: spec.component,
      instance,
      tree: spec.tree,
      fingerprint: isRight ? spec.fingerprint : '',
      process,
      startedAt: status?.startedAt ?? 0,
      restarts,
      lastExit,
      ...(waits ? { wantsSecrets: true } : {}),
      ...(rests ? { rests: true } : {}),
    };
  };

  const list = async (): Promise<ServiceState[]> => {
    const specs = await records.all();
    const status = await statusOf(specs.map((spec) => unitOf(instanceOf(spec))));
    const states = await Promise.all(
      specs.map(
        async (spec) =>
          (await adoptions.stateOf(spec)) ?? (await stateOf(spec, status.get(unitOf(instanceOf(spec))))),
      ),
    );
    const before = new Map(seen);
    seen.clear();
    for (const { component, instance, process, rests } of states) {
      const former = before.get(instance);
      if (former !== undefined && former.process?.pid !== process?.pid) options.changed(component);
      if (rests !== true) seen.set(instance, { component, process });
    }
    watch();
    return states;
  };

  /** systemd tells nobody: whether each process still lives costs one look at /proc. */
  const watch = (): void => {
    if (timer !== null || seen.size === 0) return;
    timer = setInterval(() => {
      for (const { component, process } of seen.values()) {
        if (process === null || !isAlive(process)) options.changed(component);
      }
    }, lookMs);
    timer.unref();
  };

  const forget = async (instance: string): Promise<void> => {
    await removeUnit(unitOf(instance));
    await rm(secretsOf(instance), { force: true });
    // Last: until here a host that is cut off finds what it has to end.
    await records.remove(instance);
    lastExits.delete(instance);
    seen.delete(instance);
  };

  const stop = async (instance: string, stopTimeoutMs: number): Promise<void> => {
    const spec = (await records.all()).find((one) => instanceOf(one) === instance);
    if (spec === undefined) return;
    const unit = unitOf(instance);
    const foreign = await records.adopted(instance);
    if (foreign !== null)
      await systemctl(
        ['stop', '--', foreign.unit],
        Math.max(stopTimeoutMs, spec.stopTimeoutMs) + beyondStopMs,
      );
    if ((await statusOf([unit])).get(unit)?.isLoaded === true) {
      await systemctl(['stop', '--', unit], Math.max(stopTimeoutMs, spec.stopTimeoutMs) + beyondStopMs);
    }
    await forget(instance);
  };

  /** All of it but the start. */
  const write = async (spec: ServiceSpec, secrets: SecretVariables, adopted?: AdoptedUnit): Promise<void> => {
    const instance = instanceOf(spec);
    const places = await placesOf(spec);
    await records.write(instance, spec, adopted);
    const own = ['HOME', 'USER', 'LOGNAME'];
    const inherited = Object.entries(serviceEnvironment(process.env)).filter(
      ([name]) => spec.terms?.user === undefined || !own.includes(name),
    );
    const variables = { ...Object.fromEntries(inherited), ...spec.environment };
    await writeFileAtomic(places.environment, environmentText(variables), { mode: 0o600 });
    if (Object.keys(spec.sealed ?? {}).length > 0) {
      await mkdir(volatile, { recursive: true, mode: 0o700 });
      await writeFileAtomic(places.secrets, environmentText(secrets), { mode: 0o600 });
    }
    await writeUnit(unitOf(instance), unitText(spec, places));
  };
  const adoptions = unitAdoption({ records, write, forget });

  return {
    list,
    stop,
    runsUnits: true,
    adoption: adoptions,
    check: async ({ component, instance = component, terms = {} }) => {
      accountOf(terms);
      checkLimits(terms.limits ?? {});
      await requireOwnUnit(unitOf(instance), stateFolder);
    },
    start: async (spec, secrets) => {
      const instance = instanceOf(spec);
      const unit = unitOf(instance);
      const present = (await list()).find((state) => state.instance === instance);
      const isSame = present?.fingerprint === spec.fingerprint;
      // What was adopted runs already, under the unit of others.
      if (isSame && (await adoptions.stateOf(spec)) !== null) return;
      if (present !== undefined && !isSame) await stop(instance, spec.stopTimeoutMs);
      await write(spec, secrets);
      // Who waits for it is the probe.
      if (!isSame || present?.rests !== true) await systemctl(['start', '--no-block', '--', unit]);
      log.info('service started', { component: spec.component, unit, at: clock.now() });
    },
    output: async (instance) => ({
      where: `journalctl -u ${unitOf(instance)} shows its log`,
      last: lastLines(await journalOf(unitOf(instance)).catch(() => '')),
    }),
    close: () => {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}

const unseen: LastExit = { code: null, signal: null, error: null, at: 0 };

function causeOf(
  { exit, isMemory }: UnitStatus,
  memoryBytes: number | undefined,
): { readonly cause?: string } {
  if (isMemory) return { cause: memoryCause(memoryBytes ?? 0) };
  if (exit?.signal !== 'SIGKILL' || memoryBytes === undefined) return {};
  // With the first version of control groups the kernel tells nobody.
  return {
    cause: `perhaps by the kernel for want of memory, at its limit of ${Math.round(memoryBytes / 2 ** 20)} MiB`,
  };
}

/** systemd passes over a limit that the kernel offers it no controller for. */
function checkLimits(limits: NonNullable<NonNullable<ServiceSpec['terms']>['limits']>): void {
  const asked = { memory: limits.memoryBytes, cpu: limits.cpuPercent, pids: limits.processes };
  const offered = new Set<string>();
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, at = '', type, options = ''] = line.split(' ');
    if (options.split(',').includes('ro')) continue;
    if (type === 'cgroup') for (const option of options.split(',')) offered.add(option);
    if (type !== 'cgroup2') continue;
    for (const name of readFileSync(join(at, 'cgroup.controllers'), 'utf8').trim().split(' '))
      offered.add(name);
  }
  for (const [controller, value] of Object.entries(asked)) {
    if (value === undefined || offered.has(controller)) continue;
    throw lacking(
      `be held to a limit of ${controller}`,
      'the kernel offers systemd no such control group here',
    );
  }
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
