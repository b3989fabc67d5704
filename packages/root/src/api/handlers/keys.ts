import { environmentNamed } from '../../environments/names.ts';
import { draftDirectionRoot, showDirectionKeys, takeDirectionRoot } from '../../keys/direction-change.ts';
import { addReleaseKeys, changeVendor } from '../../publishing/vendor-change.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { keyRoutes } from '../routes/keys.ts';

export function keyHandlers(root: Root): Pick<Handlers, keyof typeof keyRoutes> {
  const named = (params: { tenant: string; environment: string }) =>
    environmentNamed(root.db, `${params.tenant}/${params.environment}`, root.config.tenant);
  return {
    releaseKeysPut: ({ body, who }) => changeVendor(root, who.name, body),
    releaseKeysAdd: ({ body, who }) => addReleaseKeys(root, who.name, body.roles),
    environmentKeys: async ({ params }) => showDirectionKeys(root, await named(params)),
    environmentKeysNext: async ({ params, body, who }) =>
      draftDirectionRoot(root, who.name, await named(params), body),
    environmentKeysPut: async ({ params, body, who }) =>
      takeDirectionRoot(root, who.name, await named(params), body),
  };
}
