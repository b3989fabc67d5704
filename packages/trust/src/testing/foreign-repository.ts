import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { metadataPath, targetFilePath } from '../tuf/names.ts';
import { canonicalBytes } from '../tuf/signatures.ts';

const schemes = {
  ed25519: { keytype: 'ed25519', hash: null, make: () => generateKeyPairSync('ed25519') },
  'ecdsa-sha2-nistp256': {
    keytype: 'ecdsa',
    hash: 'sha256',
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  },
  'rsassa-pss-sha256': {
    keytype: 'rsa',
    hash: 'sha256',
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  },
  'rsa-pkcs1v15-sha256': {
    keytype: 'rsa',
    hash: 'sha256',
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  },
} as const;

export type Scheme = keyof typeof schemes;

/** A key as other writers of TUF repositories have them. */
export interface ForeignKey {
  readonly keyid: string;
  readonly json: Record<string, unknown>;
  sign(bytes: Uint8Array): string;
}

export function foreignKey(scheme: Scheme = 'ecdsa-sha2-nistp256', extra: object = {}): ForeignKey {
  const { keytype, hash, make } = schemes[scheme];
  const { publicKey, privateKey } = make();
  const json = { keytype, scheme, keyval: { public: publicText(keytype, publicKey) }, ...extra };
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const options = scheme === 'rsassa-pss-sha256' ? pss : {};
  return {
    keyid: keyIdOfJson(json),
    json,
    sign: (bytes) => sign(hash, bytes, { key: privateKey, ...options }).toString('hex'),
  };
}

export function keyIdOfJson(json: object): string {
  return createHash('sha256').update(canonicalBytes(json)).digest('hex');
}

function publicText(keytype: string, key: KeyObject): string {
  if (keytype !== 'ed25519') return key.export({ format: 'pem', type: 'spki' }).toString();
  return key.export({ format: 'der', type: 'spki' }).subarray(12).toString('hex');
}

export interface RoleRule {
  keyids: string[];
  threshold: number;
}

export interface Delegation extends RoleRule {
  name: string;
  terminating: boolean;
  paths?: string[];
  path_hash_prefixes?: string[];
}

interface Meta {
  version: number;
  length?: number;
  hashes?: Record<string, string>;
}

interface Signed {
  _type: string;
  version: number;
  expires: string;
  [field: string]: unknown;
}

export interface RootSigned extends Signed {
  consistent_snapshot: boolean;
  keys: Record<string, object>;
  roles: Record<string, RoleRule>;
}

export interface TargetsSigned extends Signed {
  targets: Record<string, { length: number; hashes: Record<string, string> }>;
  delegations?: { keys: Record<string, object>; roles: Delegation[] };
}

const topLevel = ['root', 'timestamp', 'snapshot', 'targets'] as const;

/**
 * A repository of nobody's in particular, every field of which a test may change before it publishes. What was
 * published stays: a role is served at each of its versions, the timestamp at its last.
 */
export class ForeignRepository {
  readonly root: RootSigned;
  readonly timestamp: Signed & { meta: Record<'snapshot.json', Meta> };
  readonly snapshot: Signed & { meta: Record<string, Meta> };
  readonly roles = new Map<string, TargetsSigned>();
  readonly signers = new Map<string, ForeignKey[]>();
  /** Path below the repository, names not quoted, to bytes. */
  readonly files = new Map<string, Uint8Array>();
  /** Whether snapshot and timestamp name length and digest of what they list. */
  withHashes = false;
  readonly #published = new Set<string>();

  constructor(nowMs: number, scheme?: Scheme) {
    const expires = later(nowMs, 30);
    const base = { spec_version: '1.0.31', version: 1, expires };
    this.root = { _type: 'root', ...base, consistent_snapshot: true, keys: {}, roles: {} };
    this.timestamp = { _type: 'timestamp', ...base, meta: { 'snapshot.json': { version: 1 } } };
    this.snapshot = { _type: 'snapshot', ...base, meta: {} };
    this.roles.set('targets', { _type: 'targets', ...base, targets: {} });
    for (const role of topLevel) this.setKeys(role, [foreignKey(scheme)]);
    this.publish('targets', 'snapshot', 'timestamp', 'root');
  }

  /** Who signs a role from now on, and by default who must; root is to be published after. */
  setKeys(role: string, signers: ForeignKey[], rule: { keys?: ForeignKey[]; threshold?: number } = {}): void {
    const keys = rule.keys ?? signers;
    this.signers.set(role, signers);
    for (const key of keys) this.root.keys[key.keyid] = key.json;
    this.root.roles[role] = { keyids: keys.map((key) => key.keyid), threshold: rule.threshold ?? 1 };
  }

  targets(role = 'targets'): TargetsSigned {
    const found = this.roles.get(role);
    if (found === undefined) throw new Error(`the test has no role ${role}`);
    return found;
  }

  /** Both are to be published after. */
  delegate(from: string, name: string, rule: Partial<Delegation> = {}): TargetsSigned {
    const key = foreignKey();
    const delegator = this.targets(from);
    delegator.delegations ??= { keys: {}, roles: [] };
    delegator.delegations.keys[key.keyid] = key.json;
    const paths = rule.path_hash_prefixes === undefined ? { paths: ['*'] } : {};
    const base = { name, keyids: [key.keyid], threshold: 1, terminating: false };
    delegator.delegations.roles.push({ ...base, ...paths, ...rule });
    return this.addRole(name, key);
  }

  /** A role below targets, or one signer more for it. To be delegated to, and published. */
  addRole(name: string, key: ForeignKey): TargetsSigned {
    const { expires } = this.targets();
    const role = this.roles.get(name) ?? {
      _type: 'targets',
      spec_version: '1.0.31',
      version: 1,
      expires,
      targets: {},
    };
    this.roles.set(name, role);
    this.signers.set(name, [...(this.signers.get(name) ?? []), key]);
    return role;
  }

  /** The role is to be published after. It lies there under each of its digests. */
  addTarget(path: string, bytes: Uint8Array, role = 'targets', algorithms = ['sha256']): void {
    const digests = algorithms.map((algorithm) => createHash(algorithm).update(bytes).digest('hex'));
    const hashes = Object.fromEntries(algorithms.map((algorithm, n) => [algorithm, digests[n] ?? '']));
    this.targets(role).targets[path] = { length: bytes.length, hashes };
    for (const digest of digests) this.files.set(targetFilePath(path, digest), bytes);
  }

  /** Signs roles anew, one version up unless it is their first, and lists them in what is published after them. */
  publish(...names: string[]): void {
    for (const name of names) {
      const signed = this.signed(name);
      if (this.#published.has(name)) signed.version += 1;
      this.#published.add(name);
      const bytes = this.sign(name);
      this.put(name, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const meta = {
        version: signed.version,
        ...(this.withHashes ? { length: bytes.length, hashes: { sha256 } } : {}),
      };
      if (name === 'snapshot') this.timestamp.meta['snapshot.json'] = meta;
      else if (this.roles.has(name)) this.snapshot.meta[`${name}.json`] = meta;
    }
  }

  /** The document of a role as it stands, signed by its signers. */
  sign(name: string, signed: object = this.signed(name)): Uint8Array {
    const bytes = canonicalBytes(signed);
    const signatures = (this.signers.get(name) ?? []).map((key) => ({
      keyid: key.keyid,
      sig: key.sign(bytes),
    }));
    return Buffer.from(JSON.stringify({ signatures, signed }));
  }

  /** Serves these bytes as a role's present version. */
  put(name: string, bytes: Uint8Array): void {
    const { version } = this.signed(name);
    if (this.root.consistent_snapshot || name === 'root') this.files.set(metadataPath(name, version), bytes);
    if (!this.root.consistent_snapshot) this.files.set(`metadata/${name}.json`, bytes);
  }

  signed(name: string): Signed {
    if (name === 'root') return this.root;
    if (name === 'timestamp') return this.timestamp;
    return name === 'snapshot' ? this.snapshot : this.targets(name);
  }

  file(path: string): Uint8Array {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw new Error(`the test's repository has no ${path}`);
    return bytes;
  }
}

/** An `expires` so many days away. */
export function later(nowMs: number, days: number): string {
  return `${new Date(nowMs + days * 24 * 3600 * 1000).toISOString().slice(0, 19)}Z`;
}
