import type { Operation } from '../../../api/contract.ts';
import { atProduct, type Decision, list, onlyInstallation } from '../decide.ts';

const document = { document: '{}', roles: [{ role: 'x', baseVersion: 0, metadata: '{}' }] };
const digest = '0'.repeat(64);

/** Products, packages, releases and channels. */
export const ofPublishing = {
  releaseRepository: [onlyInstallation('publish')],
  releaseKeysPut: [onlyInstallation('publish', () => ({ body: {} }))],
  releaseKeysAdd: [onlyInstallation('administer', () => ({ body: {} }))],
  productList: [list('read')],
  productCreate: [onlyInstallation('publish', () => ({ body: {} }))],
  productShow: [atProduct('read')],
  productRoles: [atProduct('read')],
  storeShow: [list('read')],
  storeOfProduct: [atProduct('read')],
  quotaSet: [
    onlyInstallation('administer', ({ product }) => ({ params: { product }, body: { bytes: null } })),
  ],
  patchList: [list('read')],
  chunksKnown: [atProduct('publish', () => ({ body: { digests: [digest] } }))],
  packPut: [atProduct('publish', () => ({ params: { pack: digest }, body: Buffer.from('nothing') }))],
  objectPut: [atProduct('publish', () => ({ params: { object: digest }, body: Buffer.from('nothing') }))],
  treeRegister: [atProduct('publish', () => ({ body: { tree: digest, treeChunks: [[digest, 1]] } }))],
  packageRegister: [atProduct('publish', () => ({ body: { document: '{}' } }))],
  packageList: [atProduct('read'), atProduct('read', ({ component }) => ({ query: { component } }))],
  packageShow: [atProduct('read', ({ component }) => ({ params: { component, version: '1.0.0' } }))],
  releaseCreate: [atProduct('publish', () => ({ body: document }))],
  productRolesPut: [atProduct('publish', () => ({ body: { roles: document.roles } }))],
  releaseList: [atProduct('read')],
  releaseShow: [atProduct('read', () => ({ params: { version: '1.0.0' } }))],
  evidenceAdd: [atProduct('publish', ({ release }) => ({ body: { digest: release, envelopes: ['{}'] } }))],
  releaseEvidence: [atProduct('read', () => ({ params: { version: '1.0.0' } }))],
  channelSet: [atProduct('publish', () => ({ params: { channel: 'stable' }, body: document }))],
  channelList: [atProduct('read')],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
