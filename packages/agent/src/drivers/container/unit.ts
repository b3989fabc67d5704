import { sha256 } from '@xylem/core';
import { environmentText, plain, quoted, restartLines, stateLine } from '../../supervisor/systemd/unit.ts';

/** What the unit of a container is made of. */
export interface ContainerUnit {
  readonly component: string;
  readonly stateFolder: string;
  /** The arguments of podman, and what it needs of the agent's environment. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where podman is, and where its arguments are kept. */
  readonly podman: string;
  readonly argumentsFile: string;
  /** In memory, gone with the boot; null: it has no secret files. */
  readonly secrets: string | null;
  readonly stopTimeoutMs: number;
  readonly tree: string;
  readonly fingerprint: string;
  readonly isSealed: boolean;
  /** By which podman knows what an earlier start of this unit left. */
  readonly ownLabel: string;
  /** Of this host's systemd. */
  readonly version: number;
}

/** Of a component's container: no service's unit has this prefix. Pure. */
export const containerUnitOf = (component: string): string => `xylem-container-${component}.service`;

/** Where podman writes the container's id: systemd makes the folder at each start, and removes it at each end. */
export const idFileOf = (component: string): string => `/run/xylem-container-${component}/id`;

/** An image is loaded already; a slow disk may still take its time. */
const startMs = 300_000;
/** Beyond the container's own time between its stop signal and SIGKILL. */
export const beyondStopMs = 30_000;
export const startPatienceMs = startMs + beyondStopMs;

/**
 * The arguments as variables, in a file that root alone reads: systemd puts each in the place of its name, whole. So
 * nothing of the package and of its configuration stands in the unit, which everybody may read. Pure.
 */
export function argumentsText({ words, environment }: ContainerUnit): string {
  const named = words.map((word, i) => [variable(i), word]);
  return environmentText({ ...environment, ...Object.fromEntries(named) });
}

const variable = (i: number): string => `XYLEM_${i}`;

/** The unit of a container (docs/spec/components/container.md). Pure. */
export function containerUnitText(unit: ContainerUnit): string {
  const id = idFileOf(unit.component);
  const podman = quoted(unit.podman);
  const lines = [
    '# Written by the Xylem agent, which changes and removes it: docs/components/container.md',
    '[Unit]',
    `Description=Xylem component ${unit.component}, a container`,
    `RequiresMountsFor=${quoted(unit.stateFolder)}`,
    'Wants=network-online.target',
    'After=network-online.target',
    'StartLimitIntervalSec=0',
    // After a boot the agent writes them, and starts it then.
    ...(unit.secrets === null ? [] : [`ConditionPathExists=${plain(unit.secrets)}`]),
    '[Service]',
    // podman says so for conmon, which holds the container and ends as it does.
    'Type=notify',
    'NotifyAccess=all',
    `EnvironmentFile=${plain(unit.argumentsFile)}`,
    `RuntimeDirectory=xylem-container-${unit.component}`,
    'RuntimeDirectoryMode=0700',
    // What a boot or a crash left; one that runs is never touched.
    `ExecStartPre=-:${podman} container prune --force ${quoted(`--filter=label=${unit.ownLabel}`)}`,
    `ExecStart=${podman} ${unit.words.map((_word, i) => `\${${variable(i)}}`).join(' ')}`,
    `ExecStop=-:${podman} stop --ignore --cidfile=${id}`,
    `ExecStopPost=-:${podman} rm --force --ignore --volumes --time=0 --cidfile=${id}`,
    // Of podman: its container's id. The container itself writes to the journal.
    'StandardOutput=null',
    'StandardError=journal',
    ...restartLines(undefined, unit.version),
    `TimeoutStartSec=${startMs}ms`,
    `TimeoutStopSec=${unit.stopTimeoutMs + beyondStopMs}ms`,
    '[Install]',
    'WantedBy=multi-user.target',
    '[X-Xylem]',
    stateLine(unit.stateFolder),
    `Tree=${unit.tree}`,
    `Fingerprint=${unit.fingerprint}`,
    `Sealed=${unit.isSealed ? 'yes' : 'no'}`,
    `Arguments=${sha256(argumentsText(unit))}`,
  ];
  const text = `${lines.join('\n')}\n`;
  return `${text}Unit=${sha256(text)}\n`;
}

/** What a unit says of itself. */
export interface SaidOfUnit {
  /** It is byte for byte as it was written. */
  readonly isIntact: boolean;
  readonly tree: string;
  readonly fingerprint: string;
  /** Also where it does not say it. */
  readonly isSealed: boolean;
  readonly argumentsDigest: string;
  /** Until systemd kills what does not end. */
  readonly stopMs: number;
}

/** Pure. */
export function parseContainerUnit(text: string): SaidOfUnit {
  const [, own = '', digest = ''] = /^(.*\n)Unit=([0-9a-f]{64})\n$/s.exec(text) ?? [];
  const said = (key: string): string => new RegExp(`^${key}=([0-9a-z]+)$`, 'm').exec(text)?.[1] ?? '';
  return {
    isIntact: digest !== '' && sha256(own) === digest,
    tree: said('Tree'),
    fingerprint: said('Fingerprint'),
    isSealed: said('Sealed') !== 'no',
    argumentsDigest: said('Arguments'),
    stopMs: Number(/^(\d+)ms$/.exec(said('TimeoutStopSec'))?.[1] ?? 0),
  };
}
