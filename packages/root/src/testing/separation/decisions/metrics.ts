import type { Operation } from '../../../api/contract.ts';
import { type Decision, decide, onlyInstallation } from '../decide.ts';

const metricSource = { params: { name: 'errors' }, body: { kind: 'program' as const, address: 'errors' } };

/** Figures from outside. */
export const ofMetrics = {
  changeSourceSet: [onlyInstallation('administer', () => ({ body: { url: 'https://tickets.example/' } }))],
  changeSourceShow: [onlyInstallation('administer')],
  changeSourceRemove: [
    onlyInstallation('administer', async (_target, _own, root) => {
      await root.api('changeSourceSet', { body: { url: 'https://tickets.example/' } });
      return {};
    }),
  ],
  metricSourceSet: [onlyInstallation('administer', () => metricSource)],
  metricSourceList: [onlyInstallation('administer')],
  metricSourceRemove: [
    onlyInstallation('administer', async (_target, _own, root) => {
      await root.api('metricSourceSet', metricSource);
      return { params: metricSource.params };
    }),
  ],
  metricShow: [
    decide(
      'environment',
      'operate',
    )(async ({ tenant }, _own, root) => {
      const params = { tenant, environment: 'live' };
      if (tenant === 'cedar') return { params: { ...params, metric: 'errors' } };
      await root.api('metricSourceSet', metricSource);
      const { version, yaml } = await root.api('environmentYaml', { params });
      const metrics = 'policy:\n  metrics: [{ name: errors, source: errors }]\n';
      if (!yaml.includes(metrics)) {
        const body = { baseVersion: version, yaml: yaml + metrics };
        await root.api('environmentYamlPut', { params, body });
      }
      return { params: { ...params, metric: 'errors' } };
    }),
  ],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
