import {
  type Ceremony,
  encodeCeremony,
  jcs,
  parseCeremony,
  type RepositoryId,
  type Time,
  XylemError,
} from '@xylem/core';
import { productRoleName } from '../tuf/names.ts';
import { expiresMs, invalidMetadata, parseTargets } from '../tuf/parse.ts';
import { type RoleFiles, signProductRole } from '../tuf/write/product-role.ts';
import { draftRoot } from '../tuf/write/root.ts';
import { type ProductDelegation, readProductDelegations, signTargets } from '../tuf/write/targets.ts';
import { type Draft, isOfProduct, type TrustedRepository, trustRepository, versionOf } from './change.ts';
import { signedPart } from './co-sign.ts';
import { contentOf } from './content.ts';
import { readRoot } from './roots.ts';

/** A change of keys under way, checked as far as it can be before all have signed. */
export interface OpenCeremony {
  readonly trusted: TrustedRepository;
  readonly drafts: readonly Draft[];
  readonly began: Time;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The ceremony's file (docs/spec/custody.md): what is trusted and what is to come, with the signatures so far. */
export function writeCeremony({ trusted, drafts, began }: OpenCeremony): Uint8Array {
  const { id, roots, targets, roles } = trusted;
  return encodeCeremony({
    format: 'xylem-ceremony-1',
    repository: id,
    began,
    trusted: {
      roots: roots.map(text),
      targets: targets === null ? null : text(targets),
      roles: Object.fromEntries([...roles].map(([name, bytes]) => [name, text(bytes)])),
    },
    next: drafts.map(({ role, base, bytes }) => ({ role, base, metadata: text(bytes) })),
  } satisfies Ceremony);
}

/**
 * Reads a ceremony's file and proves all that it claims to begin from. Each draft must be, field for field, what this
 * program would have drafted: so that there is nothing in it which words don't say.
 * @param pinned the repository that this person knows, if any
 * @throws XylemError E_DOCUMENT_INVALID, E_TRUST (another repository), E_METADATA_INVALID, E_METADATA_SIGNATURE
 */
export async function readCeremony(
  bytes: Uint8Array,
  pinned: RepositoryId | undefined,
): Promise<OpenCeremony> {
  const { repository, began, trusted: given, next } = parseCeremony(bytes);
  if (pinned !== undefined && pinned !== repository) {
    throw new XylemError(
      'E_TRUST',
      `This ceremony is of the repository ${repository}; the one that is pinned here is ${pinned}. Nothing was signed.`,
    );
  }
  const trusted = trustRepository(repository, {
    roots: given.roots.map((one) => Buffer.from(one)),
    targets: given.targets === null ? null : Buffer.from(given.targets),
    roles: new Map(Object.entries(given.roles).map(([name, one]) => [name, Buffer.from(one)])),
  });
  const drafts = next.map(({ role, base, metadata }) => ({ role, base, bytes: Buffer.from(metadata) }));
  await checkDrafts(trusted, drafts);
  return { trusted, drafts, began };
}

async function checkDrafts(trusted: TrustedRepository, drafts: readonly Draft[]): Promise<void> {
  if (new Set(drafts.map(({ role }) => role)).size !== drafts.length) {
    throw invalidMetadata('ceremony', 'it names a role twice');
  }
  const nextTargets = drafts.find(({ role }) => role === 'targets');
  const products = nextTargets === undefined ? trusted.products : readProductDelegations(nextTargets.bytes);
  const files = new Map([...trusted.roles, ...drafts.map(({ role, bytes }) => [role, bytes] as const)]);
  for (const draft of drafts) checkBase(trusted, draft);
  const expected = new Map<string, Uint8Array>();
  for (const draft of drafts) {
    const { role } = draft;
    // A product's role and its bins are drafted together, once for all of them.
    if (!expected.has(role)) {
      for (const [name, bytes] of await redrafted(trusted, products, files, draft)) expected.set(name, bytes);
    }
    const like = expected.get(role);
    if (like !== undefined && sameBut(draft.bytes, like)) continue;
    throw invalidMetadata(role, 'it holds something that this program would not sign');
  }
}

function checkBase(trusted: TrustedRepository, { role, base, bytes }: Draft): void {
  const present =
    role === 'root' ? trusted.root.bytes : role === 'targets' ? trusted.targets : trusted.roles.get(role);
  const current = present === undefined || present === null ? 0 : versionOf(present);
  const version = versionOf(bytes);
  const follows = role === 'root' ? version === current + 1 : version > current;
  if (base === current && follows) return;
  throw invalidMetadata(role, `it does not follow version ${current}`);
}

/** The same draft as this program makes it, but for version and end, with what it drafts along; nothing where it would make none. */
async function redrafted(
  trusted: TrustedRepository,
  products: readonly ProductDelegation[],
  files: RoleFiles,
  { role, bytes }: Draft,
): Promise<[string, Uint8Array][]> {
  const options = { signers: [], nowMs: 0 };
  if (role === 'root') {
    const { roles } = readRoot(bytes);
    const { file } = await draftRoot({ ...options, roles, previous: trusted.root.bytes });
    return [[role, file.bytes]];
  }
  if (role === 'targets') {
    if (trusted.targets === null) return [];
    return [[role, (await signTargets({ ...options, products, previousVersion: 0 })).file.bytes]];
  }
  const product = products.find(({ domain }) => isOfProduct(role, productRoleName(domain)));
  if (product === undefined) return [];
  const own = new Map([...files].filter(([name]) => isOfProduct(name, productRoleName(product.domain))));
  const unsigned = new Map([...own].map(([name, one]) => [name, withoutSignatures(one)]));
  const content = contentOf(product, own);
  const signed = await signProductRole({ ...options, product, previous: unsigned, content });
  return signed.map((one) => [one.role, one.file.bytes]);
}

/** Files that nobody signed are signed anew, whatever they say. */
function withoutSignatures(bytes: Uint8Array): Uint8Array {
  return Buffer.from(JSON.stringify({ signatures: [], signed: signedPart(bytes) }));
}

function sameBut(one: Uint8Array, other: Uint8Array): boolean {
  const rest = (bytes: Uint8Array): string => {
    const { version: _version, expires: _expires, ...signed } = signedPart(bytes);
    return jcs(signed);
  };
  return rest(one) === rest(other);
}

/** When a draft ends, in milliseconds since 1970; checked to be a time. */
export function endOf({ role, bytes }: Draft): number {
  return role === 'root' ? readRoot(bytes).expiresMs : expiresMs(parseTargets(bytes, role).metadata.signed);
}
