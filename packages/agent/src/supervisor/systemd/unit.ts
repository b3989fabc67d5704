import { serviceDefaults } from '@xylem/core';
import { instanceOf, type ServiceSpec } from '../protocol.ts';
import type { ServiceTerms } from '../terms.ts';

/** Where the parts of a unit lie. */
export interface UnitPlaces {
  readonly stateFolder: string;
  readonly data: string;
  /** Of its variables. */
  readonly environment: string;
  /** Of those that are sealed: in memory, gone with the boot. */
  readonly secrets: string;
  /** Of this host's systemd. */
  readonly version: number;
}

/** With a prefix that no unit of Xylem itself has. */
const unitPrefix = 'xylem-service-';
export const unitOf = (instance: string): string => `${unitPrefix}${instance}.service`;

/** From here systemd lengthens the pause by itself. */
const stepsSince = 254;
/** An older one waits for as long each time: not so short that a service that can't start takes the host's time. */
const shortestConstantMs = 5_000;
const pauseSteps = 6;

/** The unit of a service (docs/spec/components/service.md). No variable and nothing sealed stands in it. Pure. */
export function unitText(spec: ServiceSpec, places: UnitPlaces): string {
  const { terms = {} } = spec;
  const sealed = Object.keys(spec.sealed ?? {}).length > 0;
  const others = ['network-online.target', ...(terms.after ?? []).map(unitOf)].join(' ');
  const account = [
    ...(terms.user === undefined ? [] : [`User=${terms.user}`]),
    ...(terms.group === undefined ? [] : [`Group=${terms.group}`]),
  ];
  const lines = [
    '# Written by the Xylem agent, which changes and removes it: docs/components/service.md',
    '[Unit]',
    `Description=Xylem component ${instanceOf(spec)}`,
    `RequiresMountsFor=${quoted(places.stateFolder)}`,
    `Wants=${others}`,
    `After=${others}`,
    'StartLimitIntervalSec=0',
    // After a boot the agent opens what is sealed, and starts it then.
    ...(sealed ? [`ConditionPathExists=${plain(places.secrets)}`] : []),
    '[Service]',
    `Type=${terms.type === 'notify' ? 'notify' : 'exec'}`,
    // A wrapper's child may be what knows.
    ...(terms.type === 'notify' ? ['NotifyAccess=all'] : []),
    // `:`: no variable is filled in.
    `ExecStart=:${spec.command.map(quoted).join(' ')}`,
    `WorkingDirectory=${plain(spec.workingFolder)}`,
    `EnvironmentFile=${plain(places.environment)}`,
    ...(sealed ? [`EnvironmentFile=${plain(places.secrets)}`] : []),
    ...account,
    ...restartLines(terms.restart, places.version),
    // The agent's probe says how long is too long.
    'TimeoutStartSec=infinity',
    `TimeoutStopSec=${spec.stopTimeoutMs}ms`,
    `KillSignal=${terms.stopSignal ?? serviceDefaults.stopSignal}`,
    ...limitLines(terms.limits),
    ...hardeningLines(terms.hardening, places),
    '[Install]',
    'WantedBy=multi-user.target',
    `[X-Xylem]`,
    stateLine(places.stateFolder),
    `Fingerprint=${quoted(spec.fingerprint)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** By it a unit is known as a state folder's. Pure. */
export const stateLine = (stateFolder: string): string => `State=${quoted(stateFolder)}`;

/** A file of variables as systemd reads it: what stands between the quotes is taken as it is. Pure. */
export function environmentText(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}="${value.replace(/[\\"`$]/g, '\\$&')}"\n`)
    .join('');
}

export function restartLines(given: ServiceTerms['restart'], version: number): string[] {
  const { policy, delayMs, maxDelayMs } = { ...serviceDefaults.restart, ...given };
  const longest = Math.max(delayMs, maxDelayMs);
  const restart = `Restart=${policy === 'never' ? 'no' : policy}`;
  if (version < stepsSince) {
    return [restart, `RestartSec=${Math.max(delayMs, Math.min(longest, shortestConstantMs))}ms`];
  }
  return [
    restart,
    `RestartSec=${delayMs}ms`,
    `RestartSteps=${pauseSteps}`,
    `RestartMaxDelaySec=${longest}ms`,
  ];
}

function limitLines({
  memoryBytes,
  cpuPercent,
  processes,
  openFiles,
}: NonNullable<ServiceTerms['limits']> = {}) {
  return [
    ...(memoryBytes === undefined ? [] : [`MemoryMax=${memoryBytes}`, 'MemorySwapMax=0']),
    ...(cpuPercent === undefined ? [] : [`CPUQuota=${cpuPercent}%`]),
    ...(processes === undefined ? [] : [`TasksMax=${processes}`]),
    ...(openFiles === undefined ? [] : [`LimitNOFILE=${openFiles}`]),
  ];
}

function hardeningLines(hardening: ServiceTerms['hardening'], { stateFolder, data }: UnitPlaces): string[] {
  if (hardening === 'none') return [];
  const writable = typeof hardening === 'object' ? hardening.writable : [];
  const isBelow = (...folders: string[]): boolean =>
    folders.some((folder) => `${stateFolder}/`.startsWith(`${folder}/`));
  return [
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    `ReadWritePaths=${quoted(data)}${writable.map((path) => ` ${quoted(`-${path}`)}`).join('')}`,
    // Its own files must stay in sight.
    `ProtectHome=${isBelow('/home', '/root', '/run/user') ? 'read-only' : 'yes'}`,
    `PrivateTmp=${isBelow('/tmp', '/var/tmp') ? 'no' : 'yes'}`,
    // Who this host is, is none of its services' business.
    `InaccessiblePaths=${quoted(`-${stateFolder}/identity`)}`,
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'SystemCallArchitectures=native',
  ];
}

/** One word of a list, whatever it holds: no specifier, no second word, no second line. */
export function quoted(text: string): string {
  const escaped = text.replace(/%/g, '%%').replace(/[\\"\p{Cc}]/gu, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : char;
  });
  return `"${escaped}"`;
}

/** A path for a line that holds one and takes no quotes. */
export function plain(path: string): string {
  if (/[\n\r\\]|^\s|\s$/.test(path)) throw new TypeError(`${JSON.stringify(path)} can't stand in a unit`);
  return path.replace(/%/g, '%%');
}
