import { XylemError } from '@xylem/core';
import {
  checkedDelegations,
  checkNextRoot,
  checkTargets,
  type ProductDelegation,
  type PublicKey,
  type RootState,
  readProductDelegations,
  readProductRole,
  readRoot,
} from '@xylem/trust';
import type { VendorChange, VendorChanged } from '../api/schemas/keys.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import { keyIdsOf } from '../keys/direction-change.ts';
import { addKey, dropUnnamedKeys, heldKeys, keyFiles } from '../keys/root-keys.ts';
import { newestRoot } from '../keys/root-versions.ts';
import type { Root } from '../root.ts';
import { dropLostChannels } from './channels.ts';
import { requireNothingLost } from './check-targets.ts';
import { productNamed, requireReleases } from './products.ts';
import { checkRoles, saveChecked } from './releases.ts';
import { requireBase, roleNamed, rolesOfProduct, saveRole } from './roles.ts';

/**
 * Takes a change of the vendor's keys into force: next root, next targets, roles of products, all or nothing. What is
 * not sent must stay valid under what is.
 * @throws XylemError E_CONFLICT, E_METADATA_SIGNATURE, E_METADATA_INVALID, E_METADATA_ROLLBACK, E_METADATA_EXPIRED,
 *   E_INPUT (a product lost, a key that this server must hold), E_NOT_FOUND
 */
export async function changeVendor(root: Root, who: string, body: VendorChange): Promise<VendorChanged> {
  const releases = requireReleases(root);
  const { repository } = releases;
  const folder = keyFiles(root.paths.keys).release;
  const held = await heldKeys(folder);
  // What a crash left of the change before: its root must lie there before there is a next one.
  await releases.writeRoot();
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    const before = {
      root: await roleNamed(trx, repository, 'root'),
      targets: await roleNamed(trx, repository, 'targets'),
    };
    const present = readRoot(Buffer.from(before.root.metadata));
    const next = body.root === undefined ? present : nextRoot(present, body.root, held, nowMs);
    const products = nextTargets(next, before.targets, body.targets, nowMs);
    if (body.root !== undefined) await saveRole(trx, repository, 'root', next.bytes);
    if (body.targets !== undefined) {
      await saveRole(trx, repository, 'targets', Buffer.from(body.targets.metadata));
    }
    for (const product of products) {
      const sent = body.products.find((one) => one.product === product.product);
      if (sent === undefined) await requireStillSigned(trx, repository, product);
      else {
        const row = await productNamed(trx, product.product);
        const checked = await checkRoles(trx, row, sent, nowMs);
        await saveChecked(trx, row, checked);
        await dropLostChannels(trx, row.product, checked.vouched);
      }
    }
    const stranger = body.products.find((one) => !products.some(({ product }) => product === one.product));
    if (stranger !== undefined)
      throw new XylemError('E_NOT_FOUND', `There is no product ${stranger.product}.`);
    await appendAudit(trx, nowMs, {
      who,
      what: 'keys.release',
      subject: `repository/${repository}`,
      before: { ...keyIdsOf(present), products: productKeys(before.targets.metadata) },
      after: {
        ...keyIdsOf(next),
        products: productKeys(body.targets?.metadata ?? before.targets.metadata),
        signedAnew: body.products.map(({ product }) => product),
      },
    });
  });
  await releases.publish();
  await directAnew(
    root,
    body.products.map(({ product }) => product),
  );
  const now = await newestRoot(root.repository, repository);
  await dropUnnamedKeys(folder, now);
  const { version } = await roleNamed(root.db, repository, 'targets');
  return { rootVersion: now.version, targetsVersion: version };
}

/**
 * Hosts look at the release repository when something is directed, and what a stolen key signed may wait on them to be
 * installed: so each environment of these products is directed anew, with the release repository's new version.
 */
async function directAnew(root: Root, products: readonly string[]): Promise<void> {
  const concerned = root.directing
    .environments()
    .filter((id) => products.some((product) => root.directing.state(id)?.products[product] !== undefined));
  for (const id of concerned) {
    await root.db.updateTable('directions').set({ meaning: '' }).where('environment', '=', id).execute();
    root.directing.wake(id);
  }
}

/** New online keys, to be named by the vendor's next root; nothing is in force before that. */
export async function addReleaseKeys(
  root: Root,
  who: string,
  roles: readonly ('snapshot' | 'timestamp')[],
): Promise<{ keys: { role: 'snapshot' | 'timestamp'; public: string }[] }> {
  const { repository } = requireReleases(root);
  const { release } = keyFiles(root.paths.keys);
  const keys = [];
  for (const role of new Set(roles)) {
    const key = await addKey(release, role);
    keys.push({ role, public: Buffer.from(key.public).toString('base64url') });
  }
  const subject = `repository/${repository}`;
  await appendAudit(root.db, root.clock.now(), { who, what: 'keys.prepare', subject, after: { keys } });
  return { keys };
}

function nextRoot(
  present: RootState,
  sent: NonNullable<VendorChange['root']>,
  held: ReadonlyMap<string, unknown>,
  nowMs: number,
): RootState {
  requireBase('root', sent.baseVersion, present.version);
  const next = checkNextRoot(present.bytes, Buffer.from(sent.metadata));
  for (const role of ['snapshot', 'timestamp'] as const) {
    const { keys, threshold = 1 } = next.roles[role];
    const isHeld = threshold === 1 && keys.some(({ keyId }) => held.has(keyId));
    // One that is missing already, after a restore, is replaced by a change of its own.
    if (isHeld || sameKeys(keys, present.roles[role].keys)) continue;
    throw new XylemError(
      'E_INPUT',
      `This root server does not hold the ${role} key that the new root names, so it could publish nothing any more.`,
    );
  }
  if (next.expiresMs <= nowMs) throw new XylemError('E_METADATA_EXPIRED', 'The new root has expired.');
  return next;
}

const sameKeys = (one: readonly PublicKey[], other: readonly PublicKey[]): boolean =>
  one.length === other.length && one.every(({ keyId }) => other.some((key) => key.keyId === keyId));

/** The products that are delegated afterwards. Targets that are not sent must carry the new root's threshold. */
function nextTargets(
  root: RootState,
  current: { readonly version: number; readonly metadata: string },
  sent: VendorChange['targets'],
  nowMs: number,
): readonly ProductDelegation[] {
  if (sent === undefined) return checkedDelegations(root.bytes, Buffer.from(current.metadata));
  requireBase('targets', sent.baseVersion, current.version);
  const { products } = checkTargets({
    root: root.bytes,
    current: Buffer.from(current.metadata),
    uploaded: Buffer.from(sent.metadata),
    nowMs,
  });
  const before = readProductDelegations(Buffer.from(current.metadata));
  requireNothingLost(before, products);
  const added = products.find(({ domain }) => !before.some((one) => one.domain === domain));
  if (added === undefined) return products;
  throw new XylemError('E_INPUT', `A change of keys does not create products, and ${added.product} is new.`);
}

async function requireStillSigned(
  trx: Database,
  repository: string,
  product: ProductDelegation,
): Promise<void> {
  const rows = await rolesOfProduct(trx, repository, product.domain);
  readProductRole(product, new Map(rows.map(({ role, metadata }) => [role, Buffer.from(metadata)])));
}

function productKeys(targets: string): Record<string, { keys: string[]; threshold: number }> {
  return Object.fromEntries(
    readProductDelegations(Buffer.from(targets)).map(({ product, keys, threshold = 1 }) => [
      product,
      { keys: keys.map(({ keyId }) => keyId), threshold },
    ]),
  );
}
