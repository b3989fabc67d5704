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

/** Who delegates a role, and so says which keys must have signed it. */
export type Delegator = Metadata<Root> | Metadata<Targets>;

/*
 * With `by` the signatures are checked first, on the plain JSON: the library builds its objects in time that grows
 * with the square of the number of entries, and nobody but a role's own keys shall be able to have it do so.
 * All throw XylemError E_METADATA_INVALID, and with `by` E_METADATA_SIGNATURE.
 */
export function parseRoot(bytes: Uint8Array, by?: Delegator): Piece<Root> {
  const metadata = read('root', bytes, by, (json) => Metadata.fromJSON(MetadataKind.Root, json));
  distinctKeys(metadata.signed.keys, 'root');
  return { bytes, metadata };
}

export function parseTimestamp(bytes: Uint8Array, by?: Delegator): Piece<Timestamp> {
  const build = (json: JsonObject): Metadata<Timestamp> => Metadata.fromJSON(MetadataKind.Timestamp, json);
  return { bytes, metadata: read('timestamp', bytes, by, build) };
}

export function parseSnapshot(bytes: Uint8Array, by?: Delegator): Piece<Snapshot> {
  const build = (json: JsonObject): Metadata<Snapshot> => Metadata.fromJSON(MetadataKind.Snapshot, json);
  return { bytes, metadata: read('snapshot', bytes, by, build) };
}

/** For the targets role and for delegated roles. */
export function parseTargets(bytes: Uint8Array, role = 'targets', by?: Delegator): Piece<Targets> {
  const metadata = read(role, bytes, by, (json) => Metadata.fromJSON(MetadataKind.Targets, json));
  distinctKeys(metadata.signed.delegations?.keys ?? {}, role);
  return { bytes, metadata };
}

/** @throws XylemError E_METADATA_SIGNATURE unless enough keys that `delegator` names for `role` signed */
export function verifySigned(delegator: Delegator, role: string, signed: Metadata<Signed>): void {
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
  role: string,
  bytes: Uint8Array,
  by: Delegator | undefined,
  build: (json: JsonObject) => Metadata<T>,
): Metadata<T> {
  const rules = { maxBytes: limits.metadata, code: 'E_METADATA_INVALID' } as const;
  const json = parseJson(bytes, `${role} metadata`, rules);
  if (typeof json !== 'object' || json === null) throw invalidMetadata(role, 'it is no JSON object');
  if (by !== undefined) verifySigned(by, role, plainly(role, json));
  let metadata: Metadata<T>;
  try {
    metadata = build(json as JsonObject);
  } catch (cause) {
    throw new XylemError('E_METADATA_INVALID', `The ${role} metadata cannot be read.`, {
      cause,
      retry: 'elsewhere',
    });
  }
  const { version } = metadata.signed;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw invalidMetadata(role, 'its version is no positive integer');
  }
  return metadata;
}

/** As much of a Metadata as the library's signature check looks at, without building one. */
function plainly(role: string, json: object): Metadata<Signed> {
  const { signed, signatures } = json as { signed?: unknown; signatures?: unknown };
  if (typeof signed !== 'object' || signed === null) throw invalidMetadata(role, 'it holds nothing signed');
  if (!Array.isArray(signatures) || signatures.length > maxSignatures) {
    throw invalidMetadata(role, `it has not at most ${maxSignatures} signatures`);
  }
  const byKey = new Map<string, { sig: string }>();
  for (const entry of signatures as unknown[]) {
    const { keyid, sig } = (entry ?? {}) as Record<string, unknown>;
    if (typeof keyid === 'string' && typeof sig === 'string') byKey.set(keyid, { sig });
  }
  return {
    signed: { toJSON: () => signed },
    signatures: Object.fromEntries(byKey),
  } as unknown as Metadata<Signed>;
}

const maxSignatures = 64;

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
