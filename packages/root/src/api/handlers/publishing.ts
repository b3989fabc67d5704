import type { Readable } from 'node:stream';
import { visibleProducts } from '../../auth/visible.ts';
import { readRoots } from '../../keys/root-versions.ts';
import { showPatches } from '../../patches/show.ts';
import { changeProductRole } from '../../publishing/change-role.ts';
import { listChannels, setChannel } from '../../publishing/channels.ts';
import { addEvidence, releaseEvidence } from '../../publishing/evidence.ts';
import { storeObject } from '../../publishing/objects.ts';
import { listPackages, packageNamed, registerPackage } from '../../publishing/packages.ts';
import { storePack } from '../../publishing/packs.ts';
import {
  createProduct,
  listProducts,
  productNamed,
  requireReleases,
  showProduct,
} from '../../publishing/products.ts';
import { createRelease, listReleases, releaseNamed } from '../../publishing/releases.ts';
import { roleNamed, rolesOfProduct } from '../../publishing/roles.ts';
import { registerTree } from '../../publishing/trees.ts';
import type { Root } from '../../root.ts';
import { setQuota } from '../../store-room/quota.ts';
import { showStore, showStoreOf } from '../../store-room/show.ts';
import type { Handlers } from '../handlers.ts';

type Own =
  | 'patchList'
  | 'storeShow'
  | 'storeOfProduct'
  | 'quotaSet'
  | 'releaseRepository'
  | 'productList'
  | 'productCreate'
  | 'productShow'
  | 'productRoles'
  | 'productRolesPut'
  | 'chunksKnown'
  | 'packPut'
  | 'objectPut'
  | 'treeRegister'
  | 'packageRegister'
  | 'packageList'
  | 'packageShow'
  | 'releaseCreate'
  | 'releaseList'
  | 'releaseShow'
  | 'evidenceAdd'
  | 'releaseEvidence'
  | 'channelSet'
  | 'channelList';

export function publishingHandlers(root: Root): Pick<Handlers, Own> {
  const { db } = root;
  return {
    releaseRepository: async () => {
      const { repository, snapshotVersion } = requireReleases(root);
      const targets = await roleNamed(db, repository, 'targets');
      const [first = '', ...roots] = (await readRoots(root.repository, repository)).map(String);
      return {
        repository,
        root: first,
        roots,
        targets: { version: targets.version, metadata: targets.metadata },
        snapshotVersion: snapshotVersion(),
      };
    },
    productList: async ({ who }) => {
      const sees = await visibleProducts(db, who.access);
      return { products: (await listProducts(db)).filter(({ product }) => sees(product)) };
    },
    productCreate: ({ body, who }) => createProduct(root, who.name, body),
    productShow: async ({ params }) => showProduct(db, await productNamed(db, params.product)),
    productRoles: async ({ params }) => {
      const { product, domain, repository } = await productNamed(db, params.product);
      const roles = await rolesOfProduct(db, repository, domain);
      return {
        product,
        domain,
        roles: roles.map(({ role, version, metadata }) => ({ role, version, metadata })),
      };
    },
    productRolesPut: ({ params, body, who }) => changeProductRole(root, who.name, params.product, body),
    storeShow: ({ who }) => showStore(root, who.access),
    storeOfProduct: ({ params }) => showStoreOf(root, params.product),
    quotaSet: ({ params, body, who }) => setQuota(root, who.name, params.product, body.bytes),
    patchList: ({ query, who }) => showPatches(db, who.access, query),
    chunksKnown: async ({ params, body }) => {
      const { domain } = await productNamed(db, params.product);
      return { known: await root.chunks.known(domain, body.digests) };
    },
    packPut: async ({ params, body }) => {
      const { domain } = await productNamed(db, params.product);
      return await storePack(root, domain, params.pack, body as unknown as Readable);
    },
    objectPut: async ({ params, body }) => {
      const { domain } = await productNamed(db, params.product);
      return await storeObject(root, domain, params.object, body as unknown as Readable);
    },
    treeRegister: async ({ params, body }) => {
      const { domain } = await productNamed(db, params.product);
      return await registerTree(root, domain, body);
    },
    packageRegister: ({ params, body, who }) =>
      registerPackage(root, who.name, params.product, body.document),
    packageList: async ({ params, query }) => {
      await productNamed(db, params.product);
      return { packages: await listPackages(db, params.product, query.component) };
    },
    packageShow: ({ params }) => packageNamed(db, params.product, params.component, params.version),
    releaseCreate: ({ params, body, who }) => createRelease(root, who.name, params.product, body),
    releaseList: async ({ params }) => {
      await productNamed(db, params.product);
      return { releases: await listReleases(db, params.product) };
    },
    releaseShow: ({ params }) => releaseNamed(db, params.product, params.version),
    evidenceAdd: ({ params, body, who }) => addEvidence(root, who.name, params.product, body),
    releaseEvidence: ({ params }) => releaseEvidence(db, params.product, params.version),
    channelSet: ({ params, body, who }) => setChannel(root, who.name, params, body),
    channelList: async ({ params }) => {
      await productNamed(db, params.product);
      return { channels: await listChannels(db, params.product) };
    },
  };
}
