import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { requireVisible } from '../../auth/visible.ts';
import { createEnvironment, showEnvironment } from '../../environments/create.ts';
import { allEnvironments, environmentNamed, fullName } from '../../environments/names.ts';
import { saveYaml } from '../../environments/save-yaml.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';

type Own =
  | 'environmentCreate'
  | 'environmentList'
  | 'environmentShow'
  | 'environmentYaml'
  | 'environmentYamlPut';

/** @throws XylemError E_INPUT */
const productsNamed = (yaml: string, name: string): string[] =>
  Object.keys(parseEnvironmentYaml(yaml, name).products);

export function environmentHandlers(root: Root): Pick<Handlers, Own> {
  const { db } = root;
  const named = (params: { tenant: string; environment: string }) =>
    environmentNamed(db, `${params.tenant}/${params.environment}`, root.config.tenant);
  return {
    environmentCreate: ({ body, who }) => createEnvironment(root, who.name, body),
    environmentList: async ({ who }) => ({
      environments: await Promise.all(
        (await allEnvironments(db))
          .filter(who.access.within('read'))
          .map((row) => showEnvironment(root, row)),
      ),
    }),
    environmentShow: async ({ params }) => showEnvironment(root, await named(params)),
    environmentYaml: async ({ params }) => {
      const row = await named(params);
      return { name: `${row.tenant}/${row.environment}`, version: row.yaml_version, yaml: row.yaml };
    },
    environmentYamlPut: async ({ params, body, who }) => {
      const row = await named(params);
      await requireVisible(db, who.access, productsNamed(body.yaml, fullName(row)));
      return await saveYaml(root, who.name, row, body);
    },
  };
}
