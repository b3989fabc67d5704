import {
  Metadata,
  MetadataKind,
  MetaFile,
  type Root,
  type Snapshot,
  TargetFile,
  Targets,
  type Timestamp,
} from '@tufjs/models';
import { limits, parseJson, XylemError } from '@xylem/core';
import { type Delegator, type PlainMetadata, verifyThreshold } from './signatures.ts';

/** Any of the four kinds of signed TUF content. */
export type Signed = Root | Timestamp | Snapshot | Targets;

/** Metadata and the bytes that it was read from. */
export interface Piece<T extends Signed> {
  readonly bytes: Uint8Array;
  readonly metadata: Metadata<T>;
  /** Whose keys signed it, as far as it was checked. */
  readonly by?: Delegator | undefined;
}

type DelegatedRole = NonNullable<NonNullable<Targets['delegations']>['roles']>[string];

export interface TargetsPiece extends Piece<Targets> {
  /** In the order of the document, which is their order of trust. Not so in an object: names like `7` come first. */
  readonly delegated: readonly DelegatedRole[];
}

/*
 * With `by` the signatures are checked first, on the plain JSON: what they cover is all that was read, and nobody but
 * a role's own keys shall be able to have us build objects. All throw XylemError E_METADATA_INVALID, and with `by`
 * E_METADATA_SIGNATURE.
 */
export function parseRoot(bytes: Uint8Array, by?: Delegator): Piece<Root> {
  return {
    bytes: owned(bytes),
    by,
    metadata: read('root', bytes, by, (json) => Metadata.fromJSON(MetadataKind.Root, json)),
  };
}

export function parseTimestamp(bytes: Uint8Array, by?: Delegator): Piece<Timestamp> {
  const build = (json: JsonObject): Metadata<Timestamp> => Metadata.fromJSON(MetadataKind.Timestamp, json);
  return { bytes: owned(bytes), by, metadata: read('timestamp', bytes, by, build) };
}

export function parseSnapshot(bytes: Uint8Array, by?: Delegator): Piece<Snapshot> {
  return { bytes: owned(bytes), by, metadata: read('snapshot', bytes, by, buildSnapshot) };
}

/** For the targets role and for delegated roles. */
export function parseTargets(bytes: Uint8Array, role = 'targets', by?: Delegator): TargetsPiece {
  let delegated: readonly DelegatedRole[] = [];
  const metadata = read(role, bytes, by, (json) => {
    const built = buildTargets(json);
    delegated = built.delegated;
    return built.metadata;
  });
  return { bytes: owned(bytes), by, metadata, delegated };
}

/** A short buffer may be a view of 64 KiB, which stay in memory for as long as it does: hosts keep these for weeks. */
const owned = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

/** @throws XylemError E_METADATA_SIGNATURE unless enough keys that `delegator` names for `role` signed these bytes */
export function verifySigned(delegator: Delegator, role: string, bytes: Uint8Array): void {
  verifyThreshold(delegator, role, plainly(role, jsonOf(role, bytes)));
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
  const json = jsonOf(role, bytes);
  if (by !== undefined) verifyThreshold(by, role, plainly(role, json));
  let metadata: Metadata<T>;
  try {
    metadata = build(json as JsonObject);
  } catch (cause) {
    throw new XylemError('E_METADATA_INVALID', `The ${role} metadata cannot be read.`, {
      cause,
      retry: 'elsewhere',
    });
  }
  const { version, expires } = metadata.signed;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw invalidMetadata(role, 'its version is no positive integer');
  }
  // 4.2.1: no other form, or hosts would read it as local time, each another one.
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(expires)) {
    throw invalidMetadata(role, 'its end is not written as 2030-01-31T00:00:00Z');
  }
  return metadata;
}

function jsonOf(role: string, bytes: Uint8Array): object {
  const rules = { maxBytes: limits.metadata, code: 'E_METADATA_INVALID' } as const;
  const json = parseJson(bytes, `${role} metadata`, rules);
  if (typeof json !== 'object' || json === null) throw invalidMetadata(role, 'it is no JSON object');
  return json;
}

function plainly(role: string, json: object): PlainMetadata {
  const { signed, signatures } = json as { signed?: unknown; signatures?: unknown };
  if (typeof signed !== 'object' || signed === null) throw invalidMetadata(role, 'it holds nothing signed');
  if (!Array.isArray(signatures) || signatures.length > maxSignatures) {
    throw invalidMetadata(role, `it has not at most ${maxSignatures} signatures`);
  }
  const byKey = new Map<string, string>();
  for (const entry of signatures as unknown[]) {
    const { keyid, sig } = (entry ?? {}) as Record<string, unknown>;
    if (typeof keyid === 'string' && typeof sig === 'string') byKey.set(keyid, sig);
  }
  return { signed, signatures: byKey };
}

const maxSignatures = 64;

/*
 * The library puts each entry of a map into a copy of all former ones: 18 seconds for a snapshot of 10,000 roles. It
 * gets the documents without their maps, and these are built here.
 */
function buildSnapshot(json: JsonObject): Metadata<Snapshot> {
  const { meta, ...rest } = json.signed as JsonObject;
  const metadata = Metadata.fromJSON(MetadataKind.Snapshot, { ...json, signed: { ...rest, meta: {} } });
  fill(metadata.signed.meta, meta, (_name, entry) => MetaFile.fromJSON(entry));
  return metadata;
}

function buildTargets(json: JsonObject): {
  metadata: Metadata<Targets>;
  delegated: readonly DelegatedRole[];
} {
  const { targets, delegations, ...rest } = json.signed as JsonObject;
  const parts = isObject(delegations) ? delegations : undefined;
  const roles = parts?.roles;
  const few = { ...parts, ...(Array.isArray(roles) ? { roles: [] } : {}) };
  const signed = {
    ...rest,
    targets: {},
    ...(delegations === undefined ? {} : { delegations: parts && few }),
  };
  const metadata = Metadata.fromJSON(MetadataKind.Targets, { ...json, signed: signed as JsonObject });
  fill(metadata.signed.targets, targets, (path, entry) => TargetFile.fromJSON(path, entry));
  const delegated = Array.isArray(roles) ? roles.map((role) => buildRole(rest, role)) : [];
  const byName = new Map(delegated.map((role) => [role.name, role]));
  if (byName.size < delegated.length) throw new TypeError('a role is delegated twice');
  if (metadata.signed.delegations?.roles !== undefined) {
    Object.defineProperties(metadata.signed.delegations.roles, propertiesOf(byName));
  }
  return { metadata, delegated };
}

/** The library's class of delegated roles has no name outside of it: a document with one role alone gives it. */
function buildRole(rest: JsonObject, role: unknown): DelegatedRole {
  if (!isObject(role)) throw new TypeError('roles is malformed');
  const alone = { ...rest, targets: {}, delegations: { keys: {}, roles: [role] } };
  const built = Object.values(Targets.fromJSON(alone).delegations?.roles ?? {})[0];
  if (built === undefined) throw new TypeError('roles is malformed');
  return built;
}

function fill<T>(into: object, from: unknown, build: (name: string, entry: JsonObject) => T): void {
  if (!isObject(from) || Array.isArray(from)) throw new TypeError('a map is missing');
  const entries = Object.entries(from).map(([name, entry]): [string, T] => {
    if (!isObject(entry)) throw new TypeError(`${name.slice(0, 100)} is malformed`);
    return [name, build(name, entry)];
  });
  Object.defineProperties(into, propertiesOf(entries));
}

/** Defined, not assigned: `__proto__` is a name like any other. */
function propertiesOf(entries: Iterable<[string, unknown]>): PropertyDescriptorMap {
  const properties = new Map<string, PropertyDescriptor>();
  for (const [name, value] of entries) {
    properties.set(name, { value, enumerable: true, writable: true, configurable: true });
  }
  return Object.fromEntries(properties);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}
