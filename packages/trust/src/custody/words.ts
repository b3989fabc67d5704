import { type Transitions, timeOf } from '@xylem/core';
import type { PublicKey } from '../keys/key-pair.ts';
import { productRoleName } from '../tuf/names.ts';
import type { Delegate } from '../tuf/write/delegates.ts';
import type { RoleKeys } from '../tuf/write/metadata.ts';
import { type ProductRoleContent, readProductRole } from '../tuf/write/product-role.ts';
import { readProductDelegations } from '../tuf/write/targets.ts';
import { endOf } from './ceremony.ts';
import { type Draft, isOfProduct, type TrustedRepository, versionOf } from './change.ts';
import { contentOf } from './content.ts';
import { readRoot } from './roots.ts';

/** Short forms of key ids as they stand in names of files. */
export const shortId = (keyId: string): string => keyId.slice(0, 16);

/**
 * What drafts change, all of it, one line each, for whoever is asked to sign. Lines without indent name a draft.
 * @param nameOf what a key is called here, beside its id
 */
export function changeInWords(
  trusted: TrustedRepository,
  drafts: readonly Draft[],
  nameOf: (keyId: string) => string | undefined = () => undefined,
): string[] {
  const key = ({ keyId }: PublicKey): string => {
    const name = nameOf(keyId);
    return name === undefined ? shortId(keyId) : `${shortId(keyId)} (${name})`;
  };
  const keys = (what: string, before: RoleKeys | undefined, after: RoleKeys): string[] => {
    const was = before ?? { keys: [], threshold: 0 };
    const added = after.keys.filter((one) => !was.keys.some(({ keyId }) => keyId === one.keyId));
    const removed = was.keys.filter((one) => !after.keys.some(({ keyId }) => keyId === one.keyId));
    const [from, to] = [was.threshold ?? 1, after.threshold ?? 1];
    return [
      ...added.map((one) => `  ${what}: the key ${key(one)} may sign from now on`),
      ...removed.map((one) => `  ${what}: the key ${key(one)} may no longer sign`),
      ...(from === to
        ? []
        : [
            `  ${what}: ${to} of ${after.keys.length} keys must sign (before: ${from} of ${was.keys.length})`,
          ]),
    ];
  };
  const nextTargets = drafts.find(({ role }) => role === 'targets');
  const products = nextTargets === undefined ? trusted.products : readProductDelegations(nextTargets.bytes);
  return drafts.flatMap((draft) => {
    const lines: string[] = [];
    let name = draft.role;
    if (draft.role === 'root') {
      const after = readRoot(draft.bytes).roles;
      for (const role of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
        lines.push(...keys(role, trusted.root.roles[role], after[role]));
      }
    } else if (draft.role === 'targets') {
      for (const after of products) {
        const before = trusted.products.find(({ domain }) => domain === after.domain);
        if (before === undefined) lines.push(`  product ${after.product} (p-${after.domain}) is new`);
        else if (before.product !== after.product)
          lines.push(`  product ${before.product} is called ${after.product} from now on`);
        lines.push(...keys(`product ${after.product}`, before, after));
      }
      for (const { product, domain } of trusted.products) {
        if (!products.some((one) => one.domain === domain)) lines.push(`  product ${product} is no more`);
      }
    } else {
      const product = products.find(({ domain }) => isOfProduct(draft.role, productRoleName(domain)));
      if (product !== undefined && draft.role === productRoleName(product.domain)) {
        const before = trusted.products.find(({ domain }) => domain === product.domain);
        const present = before === undefined ? undefined : readProductRole(before, trusted.roles);
        const files = new Map([...trusted.roles, ...drafts.map(({ role, bytes }) => [role, bytes] as const)]);
        lines.push(...contentInWords(present, contentOf(product, files)));
      }
      name = product === undefined ? draft.role : `${draft.role}, of product ${product.product}`;
    }
    const head = `${name}: version ${draft.base} becomes ${versionOf(draft.bytes)}, valid until ${timeOf(endOf(draft))}`;
    return [head, ...(lines.length === 0 ? ['  says the same as before, signed anew'] : lines)];
  });
}

function contentInWords(before: ProductRoleContent | undefined, after: ProductRoleContent): string[] {
  const list = (
    what: string,
    was: ReadonlyMap<string, { readonly sha256: string }> | undefined,
    now: ReadonlyMap<string, { readonly sha256: string }>,
  ): string[] => [
    ...[...now].flatMap(([path, { sha256 }]) => {
      const old = was?.get(path)?.sha256;
      if (old === sha256) return [];
      return [
        `  ${what} ${path} ${old === undefined ? 'is vouched for' : 'becomes another document'} (${shortId(sha256)})`,
      ];
    }),
    ...[...(was?.keys() ?? [])]
      .filter((path) => !now.has(path))
      .map((path) => `  ${what} ${path} is not vouched for any more`),
  ];
  const withdrawn = new Set<string>(before?.withdrawn);
  const still = new Set<string>(after.withdrawn);
  return [
    ...list('release', before?.releases, after.releases),
    ...list('channel', before?.channels, after.channels),
    ...[...still].filter((one) => !withdrawn.has(one)).map((one) => `  release ${one} is withdrawn`),
    ...[...withdrawn]
      .filter((one) => !still.has(one))
      .map((one) => `  release ${one} is no longer withdrawn`),
    ...(before?.floor === after.floor ? [] : [`  the floor becomes ${after.floor ?? 'none'}`]),
    ...transitionsInWords(before?.transitions, after.transitions),
    ...delegatesInWords(before?.delegates, after.delegates),
  ];
}

function transitionsInWords(before: Transitions = {}, after: Transitions = {}): string[] {
  const lines = ({ waypoints = [], deadEnds = [], downgrades = [] }: Transitions): string[] => [
    ...waypoints.map(({ version, from }) => `${from ?? 'all below'} must pass through ${version}`),
    ...deadEnds.map(({ versions, reason }) => `no update leads on from ${versions}: ${reason}`),
    ...downgrades.map(
      ({ from, to, allowed }) => `from ${from} back to ${to} is ${allowed ? 'allowed' : 'not allowed'}`,
    ),
  ];
  const [was, now] = [lines(before), lines(after)];
  return [
    ...now.filter((one) => !was.includes(one)).map((one) => `  ${one}`),
    ...was.filter((one) => !now.includes(one)).map((one) => `  no longer: ${one}`),
  ];
}

/** Whoever signs must read each key that may sign because of it, what it may sign, and how long. */
function delegatesInWords(before: readonly Delegate[] = [], after: readonly Delegate[] = []): string[] {
  const line = ({ name, key, channels, untilMs }: Delegate): string => {
    const may = ['its releases', ...channels.map((channel) => `the channel ${channel}`)].join(', ');
    return `the delegate ${name} (${shortId(key.keyId)}) may sign ${may}, until ${timeOf(untilMs)}`;
  };
  const [was, now] = [before.map(line), after.map(line)];
  return [
    ...now.filter((one) => !was.includes(one)).map((one) => `  ${one}`),
    ...was.filter((one) => !now.includes(one)).map((one) => `  no longer: ${one}`),
  ];
}
