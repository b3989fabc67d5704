import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cleanup, removeLater } from '../cleanup.ts';
import { freePort } from '../free-port.ts';
import { installDebian } from '../install-debian.ts';
import { startNode } from '../lab.ts';
import { type Load, type LoadFigures, startLoad } from '../load.ts';
import type { Program } from '../program.ts';
import type { Unavailable } from '../unavailable.ts';
import { waitUntil } from '../wait-until.ts';
import { edge } from './edge.ts';
import { type Balanced, balancer, prometheusOver } from './servers.ts';

const environment = 'acme/production';
const good = '1.0.0';
const bad = '2.0.0';

/** Of the root server: as who logged in there. */
export interface ApiAt {
  readonly apiUrl: string;
  readonly token: string;
}

/** Hosts that serve behind a HAProxy and are watched by a Prometheus; `shop@1.0.0` runs there. */
export interface BalancedLab {
  readonly load: Load;
  /** Deploys `shop@2.0.0`, and returns once it was stopped and all hosts run `shop@1.0.0` again. */
  fall(words: readonly string[]): Promise<Fall>;
}

/** What a bad release came to. Seconds count from the command that deployed it. */
export interface Fall {
  readonly id: string;
  readonly reason: string;
  /** Hosts that it was let onto. */
  readonly exposedHosts: number;
  readonly secondsUntilStopped: number;
  readonly secondsUntilBack: number;
}

/** Requests that were answered with an error by the release, and such as an update of a host cost. */
export function badRequestsOf({ faults }: LoadFigures): { readonly bad: number; readonly other: number } {
  const isBad = (fault: string): boolean => fault.startsWith('http/1.1 500');
  const sum = (of: (fault: string) => boolean): number =>
    Object.entries(faults).reduce((total, [fault, count]) => total + (of(fault) ? count : 0), 0);
  return { bad: sum(isBad), other: sum((fault) => !isBad(fault)) };
}

/** Answers with its version; of each 100 requests `badOf` with an error. */
const service = (version: string, badOf: number): string => `
import { createServer } from 'node:http';
let all = 0;
let bad = 0;
createServer((request, response) => {
  if (request.url === '/health') return response.end('well');
  if (request.url === '/metrics')
    return response.end('http_requests_total{code="200"} ' + (all - bad) + '\\nhttp_requests_total{code="500"} ' + bad + '\\n');
  all += 1;
  if (all % 100 < ${badOf}) {
    bad += 1;
    response.statusCode = 500;
  }
  response.end('${version}');
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

const node = ['$', '{node}'].join('');
const port = ['$', '{config.port}'].join('');
const window = ['$', 'window'].join('');

interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
  readonly progress: { readonly admitted: number };
}

/**
 * @param xylem logged in at a root server of the tenant acme, `api`
 * @param options.perSecond requests, over all hosts
 * @param options.badPercent of the requests that `shop@2.0.0` answers with an error
 * @param options.inGroups every other host stands in the group `green`, and traffic goes to one group at a time
 */
export async function balancedLab(
  context: Cleanup,
  xylem: Program,
  api: ApiAt,
  folder: string,
  options: {
    readonly hosts: number;
    readonly perSecond: number;
    readonly badPercent: number;
    readonly inGroups?: boolean;
  },
): Promise<BalancedLab | Unavailable> {
  const missing = await installDebian('haproxy', 'prometheus');
  if (missing !== null) return missing;
  const services: Balanced[] = [];
  for (let n = 1; n <= options.hosts; n += 1) services.push({ host: `web-${n}`, port: await freePort() });
  const prometheus = await prometheusOver(context, folder, services);
  await xylem.command(['metric-source', 'set', 'main', '--prometheus', prometheus]);
  const sum = (label: string): string => `sum by (host) (increase(http_requests_total${label}[${window}]))`;
  const metric = { name: 'errors', source: 'main', bad: sum('{code="500"}'), all: sum(''), limit: 0.002 };
  const yaml = join(folder, 'production.yaml');
  const groupOf = (n: number): 'blue' | 'green' => (n % 2 === 0 ? 'blue' : 'green');
  const of = (group: string): string[] =>
    services.filter((_, n) => groupOf(n) === group).map(({ port: own }) => `127.0.0.1:${own}`);
  const groups =
    options.inGroups === true
      ? await edge(folder, environment, { blue: of('blue'), green: of('green') })
      : null;
  const shop = {
    components: { api: { where: 'role = web' } },
    ...(groups === null ? {} : { traffic: groups.traffic }),
  };
  const products = { shop, ...(groups === null ? {} : { edges: groups.product }) };
  await writeFile(yaml, JSON.stringify({ environment, products, policy: { metrics: [metric] } }));
  await xylem.command(['env', 'create', environment, '--file', yaml]);
  await publish(xylem, folder, good, 0);
  await publish(xylem, folder, bad, options.badPercent);
  removeLater(context, async () => {
    await xylem.stop();
    for (const { host } of services) await xylem.endServices(join(folder, host));
  });
  const join_ = async ({ host, port: own }: Balanced): Promise<void> => {
    await startNode(xylem, {
      name: host,
      environment,
      state: join(folder, host),
      tokenWords: [
        '--label',
        'role=web',
        '--label',
        `color=${groupOf(services.findIndex((one) => one.host === host))}`,
      ],
    });
    await xylem.command(['host', 'configure', host, 'api', `port=${own}`, '--yes']);
  };
  for (let first = 0; first < services.length; first += 2)
    await Promise.all(services.slice(first, first + 2).map(join_));
  await xylem.command([
    'deploy',
    `shop@${good}`,
    '--to',
    environment,
    '--yes',
    '--watch',
    '--timeout',
    '300',
  ]);
  await groups?.start(context, xylem);
  const front =
    groups === null ? await balancer(context, folder, services) : Number(groups.front.split(':')[1]);
  const answers = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${front}/`).catch(() => null))?.ok ?? false;
  await waitUntil(answers, 60_000, 'the service to answer');
  const load = await startLoad(front, options.perSecond);
  removeLater(context, () => load.kill());
  return { load, fall: (words) => fall(xylem, api, words) };
}

async function publish(xylem: Program, folder: string, version: string, badOf: number): Promise<void> {
  const made = join(folder, `package-${version}`);
  await mkdir(join(made, 'tree'), { recursive: true });
  await writeFile(join(made, 'tree', 'server.mjs'), service(version, badOf));
  await writeFile(
    join(made, 'xylem.yaml'),
    `product: shop
component: api
version: ${version}
folder: tree
service:
  command: ['${node}', server.mjs, '${port}']
health:
  http: { port: '${port}', path: /health }
  interval: 100ms
ports: ['${port}']
configDefaults: { port: 1 }
`,
  );
  await xylem.command(['package', 'publish', made]);
  await xylem.command(['release', 'create', `shop@${version}`, '--with', `api@${version}`]);
}

async function fall(xylem: Program, { apiUrl, token }: ApiAt, words: readonly string[]): Promise<Fall> {
  const beganMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - beganMs) / 100) / 10;
  const { deployments } = (await xylem.command([
    'deploy',
    `shop@${bad}`,
    '--to',
    environment,
    '--yes',
    ...words,
  ])) as { readonly deployments: readonly Shown[] };
  const id = deployments[0]?.id ?? '';
  const list = async (): Promise<readonly Shown[]> => {
    const answer = await fetch(`${apiUrl}/api/v1/deployments`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return ((await answer.json()) as { readonly deployments: readonly Shown[] }).deployments;
  };
  const stopped = await waitUntil(
    async () => (await list()).find((one) => one.id === id && one.state !== 'running') ?? null,
    300_000,
    'the release to be stopped',
  );
  const secondsUntilStopped = seconds();
  if (stopped.state !== 'failed') throw new Error(`${stopped.state}: ${stopped.reason}`);
  await waitUntil(
    async () => {
      const [newest] = await list();
      return newest?.kind === 'rollback' && newest.state === 'succeeded';
    },
    300_000,
    'the hosts to go back',
  );
  return {
    id,
    reason: stopped.reason ?? '',
    exposedHosts: stopped.progress.admitted,
    secondsUntilStopped,
    secondsUntilBack: seconds(),
  };
}
