import { type DomainId, parsePackage, sha256, timeOf, XylemError } from '@xylem/core';
import type { Package } from '../api/schemas/publishing.ts';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { requireObjects } from './objects.ts';
import { type ProductRow, productNamed } from './products.ts';

/**
 * Registers a package document and puts it beside the trees and objects that it names, which must be there before.
 * The same bytes again change nothing.
 * @throws XylemError E_PACKAGE_INVALID, E_PACKAGE_CONFLICT, E_OBJECT_MISSING (a tree, an object), E_NOT_FOUND
 */
export async function registerPackage(root: Root, who: string, product: string, text: string) {
  return await root.contents.within(() => register(root, who, product, text));
}

async function register(root: Root, who: string, product: string, text: string) {
  const row = await productNamed(root.db, product);
  const bytes = Buffer.from(text);
  const document = parsePackage(bytes);
  if (document.product !== product) {
    throw new XylemError('E_INPUT', `The package is of the product ${document.product}, not ${product}.`);
  }
  await requireTrees(
    root.db,
    row,
    document.variants.map((variant) => variant.tree),
  );
  await requireObjects(root, row.domain, document);
  const digest = sha256(bytes);
  // The object first: a row never names an object that is not there.
  await root.repository.putObject(row.domain as DomainId, digest, bytes);
  const created = await root.db.transaction().execute(async (trx) => {
    const { component, version, kind } = document;
    // Of two who publish the same at once the second finds what the first has registered.
    await lockFor(trx, `package/${product}/${component}`);
    const known = await trx
      .selectFrom('packages')
      .select('package')
      .where('product', '=', product)
      .where('component', '=', component)
      .where('version', '=', version)
      .executeTakeFirst();
    if (known?.package === digest) return false;
    if (known !== undefined) {
      const message = `${component}@${version} is already published with other bytes (${known.package.slice(0, 12)}…).`;
      throw new XylemError('E_PACKAGE_CONFLICT', message, {
        details: { published: known.package, offered: digest },
      });
    }
    const nowMs = root.clock.now();
    const values = { product, component, version, package: digest, kind, document: text, created_ms: nowMs };
    await trx.insertInto('packages').values(values).execute();
    const subject = `package/${product}/${component}@${version}`;
    await appendAudit(trx, nowMs, { who, what: 'package.publish', subject, after: { package: digest } });
    return true;
  });
  return { package: digest, created };
}

async function requireTrees(db: Database, row: ProductRow, trees: readonly string[]): Promise<void> {
  const there = await db
    .selectFrom('trees')
    .select('tree')
    .where('domain', '=', row.domain)
    .where('tree', 'in', trees)
    .execute();
  const missing = trees.find((tree) => !there.some((found) => found.tree === tree));
  if (missing === undefined) return;
  throw new XylemError(
    'E_OBJECT_MISSING',
    `The tree ${missing} of the package was not sent to ${row.product}.`,
    {
      details: { tree: missing },
    },
  );
}

export async function listPackages(db: Database, product: string, component?: string): Promise<Package[]> {
  const query = db
    .selectFrom('packages')
    .selectAll()
    .where('product', '=', product)
    .orderBy('component')
    .orderBy('created_ms');
  const rows = await (component === undefined ? query : query.where('component', '=', component)).execute();
  return rows.map(packageOf);
}

/** @throws XylemError E_NOT_FOUND */
export async function packageNamed(db: Database, product: string, component: string, version: string) {
  const row = await db
    .selectFrom('packages')
    .selectAll()
    .where('product', '=', product)
    .where('component', '=', component)
    .where('version', '=', version)
    .executeTakeFirst();
  if (row === undefined)
    throw new XylemError('E_NOT_FOUND', `${component}@${version} is not published in ${product}.`);
  return { ...packageOf(row), document: row.document };
}

type Row = {
  product: string;
  component: string;
  version: string;
  package: string;
  kind: string;
  created_ms: number;
};

function packageOf({ created_ms, product, component, version, package: digest, kind }: Row): Package {
  return { product, component, version, package: digest, kind, created: timeOf(created_ms) };
}
