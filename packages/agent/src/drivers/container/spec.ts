import {
  type Digest,
  fillPlaceholders,
  fillPort,
  jcs,
  type Sealed,
  sha256,
  stopTimeoutDefaultMs,
  XylemError,
} from '@xylem/core';
import type { OpenedValues } from '../../secrets/secrets.ts';
import type { Placed } from '../../slot/placed.ts';
import type { Places } from '../driver.ts';
import { placesOf } from '../service/places.ts';

export interface PublishedPort {
  readonly address: string | null;
  readonly host: number;
  readonly container: number;
  readonly protocol: string;
}

/** How the container of a package is started on this host. Two with the same fingerprint are the same. */
export interface ContainerSpec {
  readonly component: string;
  readonly tree: Digest;
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Their texts, with the version of a sealed value in its place: never the value. */
  readonly secretFiles: Readonly<Record<string, string>>;
  readonly hasSealed: boolean;
  readonly ports: readonly PublishedPort[];
  readonly volumes: readonly { readonly data: string; readonly at: string; readonly readOnly: boolean }[];
  readonly user: string | null;
  readonly readOnly: boolean;
  readonly capabilities: readonly string[] | null;
  readonly limits: {
    readonly memoryBytes?: number;
    readonly cpuPercent?: number;
    readonly processes?: number;
  };
  readonly network: string;
  readonly stopTimeoutMs: number;
  readonly fingerprint: Digest;
}

/**
 * Pure.
 * @throws XylemError E_PLACEHOLDER, also for a sealed value that stands anywhere but in a secret file
 */
export function containerSpec(placed: Placed, places: Places): ContainerSpec {
  const { container } = placed.document;
  if (container === undefined) {
    throw new XylemError(
      'E_PACKAGE_INVALID',
      `${placed.component} is of kind container and says nothing of it.`,
    );
  }
  const filled = placesOf(placed, places);
  const fill = (text: string): string => fillPlaceholders(text, filled);
  const files = secretTexts(placed, places, ({ version }) => `\0${version}\0`);
  const start = {
    component: placed.component,
    tree: placed.tree,
    entrypoint: container.entrypoint?.map(fill) ?? null,
    command: (container.command ?? []).map(fill),
    environment: mapValues(container.environment ?? {}, fill),
    secretFiles: files,
    hasSealed: Object.values(files).some((text) => text.includes('\0')),
    ports: (container.ports ?? []).map(({ address, host, container: inside, protocol }) => ({
      address: address ?? null,
      host: fillPort(host, filled),
      container: fillPort(inside, filled),
      protocol: protocol ?? 'tcp',
    })),
    volumes: (container.volumes ?? []).map(({ data, at, readOnly }) => ({
      data,
      at,
      readOnly: readOnly === true,
    })),
    user: container.user ?? null,
    readOnly: container.readOnly === true,
    capabilities: container.capabilities ?? null,
    limits: container.limits ?? {},
    network: container.network ?? 'bridge',
    stopTimeoutMs: container.stopTimeoutMs ?? stopTimeoutDefaultMs,
  };
  return { ...start, fingerprint: sha256(jcs(start)) };
}

/**
 * What its secret files hold, in plain text. Pure.
 * @throws XylemError E_SECRET_INVALID for a value that was not opened
 */
export function openedFiles(placed: Placed, places: Places, opened: OpenedValues): Record<string, string> {
  return secretTexts(placed, places, (_sealed, key) => {
    const value = opened.get(key);
    if (value !== undefined) return value;
    throw new XylemError(
      'E_SECRET_INVALID',
      `The sealed value of ${placed.component}.${key} can't be opened.`,
    );
  });
}

function secretTexts(
  placed: Placed,
  places: Places,
  sealed: (sealed: Sealed, key: string) => string,
): Record<string, string> {
  const filled = { ...placesOf(placed, places), sealed };
  return mapValues(placed.document.container?.secretFiles ?? {}, (text) => fillPlaceholders(text, filled));
}

function mapValues(texts: Readonly<Record<string, string>>, fill: (text: string) => string) {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, fill(text)]));
}
