import { timeOf, XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { environmentNamed, fullName } from '../../environments/names.ts';
import { readMetric } from '../../metrics/read.ts';
import { removeSource, setSource, shownSource, sourcesOf } from '../../metrics/sources.ts';
import type { Root } from '../../root.ts';
import type { BodyOf } from '../contract.ts';
import type { Handlers } from '../handlers.ts';
import type { metricRoutes } from '../routes/metrics.ts';

const defaultSeconds = 300;
const mostSeconds = 86_400;

export function metricHandlers(root: Root): Pick<Handlers, keyof typeof metricRoutes> {
  const { db, clock } = root;
  return {
    metricSourceSet: async ({ params: { name }, body, who }) => {
      checkAddress(body);
      const { kind, address, token = null, tenant = null } = body;
      return shownSource(await setSource(db, { name, kind, address, token, tenant }, who.name, clock.now()));
    },
    metricSourceList: async () => ({ sources: (await sourcesOf(db)).map(shownSource) }),
    metricSourceRemove: async ({ params: { name }, who }) => {
      await removeSource(db, name, who.name, clock.now());
      return {};
    },
    metricShow: async ({ params, query }) => {
      const name = `${params.tenant}/${params.environment}`;
      const environment = await environmentNamed(db, name, root.config.tenant);
      const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
      const metric = policy.metrics?.find((one) => one.name === params.metric);
      if (metric === undefined) {
        throw new XylemError('E_NOT_FOUND', `The policy of ${name} has no metric ${params.metric}.`);
      }
      const toMs = clock.now();
      const fromMs = toMs - Math.min(mostSeconds, Number(query.seconds ?? defaultSeconds)) * 1000;
      const figures = await readMetric(root, environment, metric, { fromMs, toMs });
      const hosts = figures.map(({ host: { id, name: called }, bad, all }) => ({
        host: id,
        name: called,
        bad,
        all,
      }));
      return { metric: metric.name, from: timeOf(fromMs), to: timeOf(toMs), hosts };
    },
  };
}

/** @throws XylemError E_INPUT */
function checkAddress({ kind, address, token }: BodyOf<'metricSourceSet'>): void {
  const isUrl = /^https?:\/\//.test(address);
  if (kind === 'prometheus' && !isUrl) {
    throw new XylemError(
      'E_INPUT',
      `${address} is no address of a Prometheus, such as https://prometheus:9090.`,
    );
  }
  if (kind === 'program' && (isUrl || token !== undefined)) {
    throw new XylemError(
      'E_INPUT',
      'A program is a file in the folder `metrics` of the root server, without a token.',
    );
  }
}
