import {
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { limits, parseJson, XylemError } from '@xylem/core';

/** Any of the four kinds of signed TUF content. */
export type Signed = Root | Timestamp | Snapshot | Targets;

/** Metadata and the bytes that it was read from. */
export interface Piece<T extends Signed> {
  readonly bytes: Uint8Array;
  readonly metadata: Metadata<T>;
}

export function parseRoot(bytes: Uint8Array, label = 'root'): Piece<Root> {
  const piece = { bytes, metadata: read(label, bytes, (json) => Metadata.fromJSON(MetadataKind.Root, json)) };
  distinctKeys(piece.metadata.signed.keys, label);
  return piece;
}

export function parseTimestamp(bytes: Uint8Array): Piece<Timestamp> {
  return {
    bytes,
    metadata: read('timestamp', bytes, (json) => Metadata.fromJSON(MetadataKind.Timestamp, json)),
  };
}

export function parseSnapshot(bytes: Uint8Array): Piece<Snapshot> {
  return {
    bytes,
    metadata: read('snapshot', bytes, (json) => Metadata.fromJSON(MetadataKind.Snapshot, json)),
  };
}

export function parseTargets(bytes: Uint8Array, role = 'targets'): Piece<Targets> {
  const piece = {
    bytes,
    metadata: read(role, bytes, (json) => Metadata.fromJSON(MetadataKind.Targets, json)),
  };
  distinctKeys(piece.metadata.signed.delegations?.keys ?? {}, role);
  return piece;
}

/** @throws XylemError E_METADATA_SIGNATURE unless enough keys that `delegator` names for `role` signed */
export function verifySigned(
  delegator: Metadata<Root> | Metadata<Targets>,
  role: string,
  signed: Metadata<Signed>,
): void {
  try {
    delegator.verifyDelegate(role, signed);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError('E_METADATA_SIGNATURE', `The ${role} metadata is refused: ${why}.`, {
      cause,
      retry: 'elsewhere',
    });
  }
}

export function invalidMetadata(label: string, what: string): XylemError {
  return new XylemError('E_METADATA_INVALID', `The ${label} metadata is refused: ${what}.`, {
    retry: 'elsewhere',
  });
}

/** Milliseconds since 1970 of a checked `expires`. */
export function expiresMs(signed: Signed): number {
  return Date.parse(signed.expires);
}

type JsonObject = Parameters<typeof Metadata.fromJSON>[1];

function read<T extends Signed>(
  label: string,
  bytes: Uint8Array,
  build: (json: JsonObject) => Metadata<T>,
): Metadata<T> {
  let metadata: Metadata<T>;
  try {
    const rules = { maxBytes: limits.metadata, code: 'E_METADATA_INVALID' } as const;
    metadata = build(parseJson(bytes, `${label} metadata`, rules) as JsonObject);
  } catch (cause) {
    throw new XylemError('E_METADATA_INVALID', `The ${label} metadata cannot be read.`, {
      cause,
      retry: 'elsewhere',
    });
  }
  const { version } = metadata.signed;
  if (!Number.isSafeInteger(version) || version < 1)
    throw invalidMetadata(label, 'its version is no positive integer');
  return metadata;
}

/** A key under two ids would count twice towards a threshold. */
function distinctKeys(
  keys: Readonly<Record<string, { keyVal: Record<string, string> }>>,
  label: string,
): void {
  const seen = new Set<string>();
  for (const { keyVal } of Object.values(keys)) {
    const text = (keyVal.public ?? '').toLowerCase();
    if (seen.has(text)) throw invalidMetadata(label, 'it lists a key twice');
    seen.add(text);
  }
}
