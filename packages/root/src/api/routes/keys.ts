import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

const metadataBodyBytes = 96 * 1024 * 1024;

/** Routes by which keys are shown and replaced (docs/spec/custody.md). */
export const keyRoutes = {
  releaseKeysPut: {
    method: 'PUT',
    path: '/release-repository/keys',
    needs: { permission: 'publish', where: 'installation' },
    maxBodyBytes: metadataBodyBytes,
    body: s.VendorChange,
    response: s.VendorChanged,
    summary: "Change the vendor's keys, by metadata that its offline keys signed",
  },
  releaseKeysAdd: {
    method: 'POST',
    path: '/release-repository/keys',
    needs: { permission: 'administer', where: 'installation' },
    body: s.ReleaseKeysAdd,
    response: s.ReleaseKeysAdded,
    summary: "Make new online keys of the release repository, for the vendor's next root to name",
  },
  environmentKeys: {
    method: 'GET',
    path: '/environments/:tenant/:environment/keys',
    needs: { permission: 'read', where: 'environment' },
    params: s.EnvironmentParams,
    response: s.EnvironmentKeys,
    summary: 'Root metadata of an environment and which of its keys the root server holds',
  },
  environmentKeysNext: {
    method: 'POST',
    path: '/environments/:tenant/:environment/keys',
    needs: { permission: 'administer', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.EnvironmentKeysNext,
    response: s.EnvironmentRootDraft,
    summary: 'Make new keys of an environment and draft the root metadata that names them',
  },
  environmentKeysPut: {
    method: 'PUT',
    path: '/environments/:tenant/:environment/keys',
    needs: { permission: 'administer', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.EnvironmentRootPut,
    response: s.EnvironmentRootTaken,
    summary: 'Take the next root metadata of an environment into force',
  },
} as const satisfies Record<string, RouteContract>;
