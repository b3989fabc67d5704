import type { Difference } from '../../adopt/differences.ts';
import type { InspectedContainer } from './adopt-inspected.ts';

interface Setting {
  readonly path: string;
  readonly of: (one: InspectedContainer) => unknown;
  /** What it is may be said: it can be nobody's secret. */
  readonly isPlain?: true;
}

const host =
  (...keys: readonly string[]) =>
  ({ HostConfig }: InspectedContainer): unknown =>
    keys.map((key) => known(HostConfig[key]));
const config =
  (...keys: readonly string[]) =>
  ({ Config }: InspectedContainer): unknown =>
    keys.map((key) => known(Config[key]));

/** Empty in any of podman's ways is nothing. */
function known(value: unknown): unknown {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : [...value].sort(byText);
  return typeof value === 'object' && Object.keys(value).length === 0 ? null : value;
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
const sorted = (texts: readonly string[] | null | undefined): string[] => [...(texts ?? [])].sort();

/** In the order in which a person would look. */
const settings: readonly Setting[] = [
  { path: 'its command', of: ({ Path, Args }) => [Path, ...(Args ?? [])] },
  { path: 'its user', of: config('User'), isPlain: true },
  { path: 'its additional groups', of: host('GroupAdd'), isPlain: true },
  { path: 'its working folder', of: config('WorkingDir') },
  { path: 'its terminal', of: config('Tty') },
  { path: 'its umask', of: config('Umask'), isPlain: true },
  {
    path: 'its health check of podman',
    of: config('Healthcheck', 'HealthcheckOnFailureAction'),
  },
  { path: 'its pod', of: ({ Pod }) => known(Pod) },
  {
    path: 'its network',
    of: ({ HostConfig, NetworkSettings }) => [
      HostConfig.NetworkMode,
      ...Object.keys(NetworkSettings?.Networks ?? {}).sort(),
    ],
    isPlain: true,
  },
  { path: 'its name servers', of: host('Dns', 'DnsOptions', 'DnsSearch') },
  { path: 'its entries in /etc/hosts', of: host('ExtraHosts') },
  {
    path: 'its capabilities',
    of: ({ EffectiveCaps, BoundingCaps }) => [sorted(EffectiveCaps), sorted(BoundingCaps)],
  },
  { path: 'its privileges', of: host('Privileged', 'Devices') },
  // What is always set for a container of this agent, and confines the next one more than this one.
  {
    path: 'its security options',
    of: ({ HostConfig }) =>
      sorted(HostConfig.SecurityOpt).filter((option) => !option.startsWith('no-new-privileges')),
  },
  { path: 'its files being read-only', of: host('ReadonlyRootfs'), isPlain: true },
  { path: 'its namespaces', of: host('PidMode', 'IpcMode', 'UTSMode', 'UsernsMode') },
  { path: 'its folders in memory', of: host('Tmpfs', 'ShmSize') },
  { path: 'its limit memory', of: host('Memory'), isPlain: true },
  { path: 'its other limits of memory', of: host('MemoryReservation', 'MemorySwap', 'KernelMemory') },
  { path: 'its limit cpuPercent', of: host('NanoCpus', 'CpuQuota', 'CpuPeriod'), isPlain: true },
  { path: 'its other limits of processors', of: host('CpuShares', 'CpusetCpus', 'CpusetMems') },
  { path: 'its limit processes', of: host('PidsLimit'), isPlain: true },
  { path: 'its ulimits', of: host('Ulimits') },
  { path: 'its runtime', of: ({ OCIRuntime }) => OCIRuntime, isPlain: true },
];

const mostCharacters = 60;

/**
 * What of a running container is not as of `expected`, which the package would start. Values are not repeated where they
 * may be somebody's secret, and what the package does not name is told on the host alone. Pure.
 */
export function containerDifferences(
  running: InspectedContainer,
  expected: InspectedContainer,
): Difference[] {
  const found: Difference[] = [];
  for (const { path, of, isPlain } of settings) {
    const [now, wanted] = [of(running), of(expected)];
    // Numbers of podman may be larger than documents of ours take, and fields may be absent.
    if (JSON.stringify(now) === JSON.stringify(wanted)) continue;
    found.push({
      path,
      what: isPlain === true ? `is ${shown(now)}, expected ${shown(wanted)}` : 'is another',
    });
  }
  const named = running.Config.Hostname ?? '';
  if (named !== expected.Config.Hostname && !running.Id.startsWith(named))
    found.push({ path: 'its host name', what: 'is another' });
  return [...found, ...portDifferences(running, expected), ...variableDifferences(running, expected)];
}

function shown(value: unknown): string {
  const texts = (Array.isArray(value) ? value : [value]).filter((one) => one !== null && one !== undefined);
  const text = texts.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' ');
  return text === '' ? 'not set' : text.slice(0, mostCharacters);
}

function portDifferences(running: InspectedContainer, expected: InspectedContainer): Difference[] {
  const [now, wanted] = [portsOf(running), portsOf(expected)];
  return [
    ...[...wanted]
      .filter((port) => !now.has(port))
      .map((port) => ({ path: `its port ${port}`, what: 'is not published' })),
    ...[...now]
      .filter((port) => !wanted.has(port))
      .map((port) => ({ path: `its port ${port}`, what: 'is published besides', extra: true as const })),
  ];
}

/** As `127.0.0.1:8080 to 80/tcp`. */
function portsOf({ HostConfig }: InspectedContainer): Set<string> {
  return new Set(
    Object.entries(HostConfig.PortBindings ?? {}).flatMap(([inside, bindings]) =>
      (bindings ?? []).map(({ HostIp = '', HostPort = '' }) => {
        const address = HostIp === '' || HostIp === '0.0.0.0' ? '' : `${HostIp}:`;
        return `${address}${HostPort} to ${inside}`;
      }),
    ),
  );
}

/** Given by podman itself, each time anew. */
const ofPodman = new Set(['HOSTNAME', 'HOME', 'container']);

function variableDifferences(running: InspectedContainer, expected: InspectedContainer): Difference[] {
  const [now, wanted] = [variablesOf(running), variablesOf(expected)];
  const found: Difference[] = [];
  for (const [name, value] of wanted) {
    const seen = now.get(name);
    if (seen === undefined) found.push({ path: `its variable ${name}`, what: 'is not set' });
    else if (seen !== value) found.push({ path: `its variable ${name}`, what: 'has another value' });
  }
  for (const name of now.keys()) {
    if (!wanted.has(name)) found.push({ path: `its variable ${name}`, what: 'is set besides', extra: true });
  }
  return found;
}

function variablesOf({ Config }: InspectedContainer): Map<string, string> {
  const pairs = (Config.Env ?? []).map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return new Map(pairs.filter(([name]) => !ofPodman.has(name)));
}
