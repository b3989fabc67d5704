import { jcs, XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Who } from '../../auth/api-tokens.ts';
import { requireVisible } from '../../auth/visible.ts';
import { createEnvironment, showEnvironment } from '../../environments/create.ts';
import {
  allEnvironments,
  type EnvironmentRow,
  environmentNamed,
  fullName,
} from '../../environments/names.ts';
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
    environmentCreate: ({ body, who }) => createEnvironment(root, who, body),
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
      requireMayApprovals(row, body.yaml, who);
      return await saveYaml(root, who, row, body);
    },
  };
}

/** Who may deploy does not say by themselves that nobody need approve. @throws XylemError E_FORBIDDEN */
function requireMayApprovals(row: EnvironmentRow, yaml: string, { name, access }: Who): void {
  const words = (text: string): string => {
    const {
      approvals = null,
      urgentApprovals = null,
      fourEyes = false,
      change = null,
    } = parseEnvironmentYaml(text, fullName(row)).policy;
    return jcs({ approvals, urgentApprovals, fourEyes, change });
  };
  if (access.in('administer', row) || words(yaml) === words(row.yaml)) return;
  throw new XylemError(
    'E_FORBIDDEN',
    `${name} may not administer in ${fullName(row)}, which changing policy.approvals, policy.urgentApprovals, policy.fourEyes or policy.change needs.`,
    { details: { permission: 'administer' } },
  );
}
