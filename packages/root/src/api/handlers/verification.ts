import { probesFrom } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { environmentNamed, fullName } from '../../environments/names.ts';
import type { Root } from '../../root.ts';
import { shownOnHosts, shownResult } from '../../verification/shown.ts';
import type { Handlers } from '../handlers.ts';
import type { verificationRoutes } from '../routes/verification.ts';

export function verificationHandlers(root: Root): Pick<Handlers, keyof typeof verificationRoutes> {
  return {
    environmentVerify: async ({ params }) => {
      const name = `${params.tenant}/${params.environment}`;
      const row = await environmentNamed(root.db, name, root.config.tenant);
      const { verify = [], reportEverySeconds } = parseEnvironmentYaml(row.yaml, fullName(row)).policy;
      const results = await root.prober.askNow(row);
      const onHosts = await shownOnHosts(root.db, row.id, verify, reportEverySeconds, root.clock.now());
      return {
        ...(onHosts.length === 0 ? {} : { onHosts }),
        probes: probesFrom(verify, 'root').flatMap((probe) => {
          const result = results.find((one) => one.name === probe.name);
          if (result === undefined) return [];
          return [{ name: probe.name, url: probe.url, ...shownResult(result) }];
        }),
      };
    },
  };
}
