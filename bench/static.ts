import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { createHttpClient, systemRandomness, writeFileAtomic } from '@xylem/platform';
import { nginxServer, startNode } from '@xylem/testkit';
import { clientTls, type Identity, loadIdentity } from '@xylem/trust';
import type { Bench, Measured } from './bench.ts';
import { environment, inLab, type Lab, usageOf } from './lab.ts';
import type { Answered, Asking } from './static/asking.ts';
import { askPlainly, needWrk, startTlsLoad } from './static/load.ts';

const largeBytes = 32 * 1024 * 1024;

interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly idleConnections: number;
}

/** A server of the same files, and where its processor time is counted. */
interface Server {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
}

interface Row {
  readonly name: string;
  readonly path: string;
  readonly isConditional: boolean;
  readonly connections: number;
  /** Of bytes, not of answers. */
  readonly isLarge: boolean;
  /** nginx last: it is what the others are compared with. */
  readonly servers: readonly Server[];
  readonly ask: (asking: Asking) => Promise<Answered>;
}

/** The static path beside nginx: the same folder, the same load, in turns. */
export const bench: Bench = {
  usage:
    '[--rounds 5] [--seconds 2] [--idle 1000]: bytes and answers per second of the static path, of root server and relay over\n' +
    "  mutual TLS, and of Debian's nginx (one worker, sendfile) on the same folder in turns; medians of the rounds. A ratio is\n" +
    "  ours by nginx's, a CpuRatio nginx's processor time for each answer by ours: what it says does not depend on the load.\n" +
    '  --idle: connections to root server and relay, each, that are kept with nothing to do',
  run: async (words, say) => {
    const { values } = parseArgs({
      args: [...words],
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '2' },
        idle: { type: 'string', default: '1000' },
      },
    });
    const [rounds = 0, seconds = 0, idleConnections = 0] = [values.rounds, values.seconds, values.idle].map(
      Number,
    );
    if (![rounds, seconds, idleConnections].every((one) => Number.isSafeInteger(one) && one > 0))
      throw new XylemError('E_INPUT', '--rounds, --seconds and --idle are whole numbers from 1.');
    await needWrk();
    return await inLab('all', (lab) => measure(lab, { rounds, seconds, idleConnections }, say));
  },
};

async function measure(lab: Lab, options: Options, say: (line: string) => void): Promise<Measured> {
  const { xylem, work, context, release, deploy } = lab;
  const folder = join(work, 'package');
  await mkdir(join(folder, 'tree'), { recursive: true });
  await writeFileAtomic(join(folder, 'tree', 'large.bin'), systemRandomness.bytes(largeBytes));
  const relayUrl = await startNode(xylem, {
    name: 'relay',
    environment,
    state: join(work, 'relay'),
    serve: true,
  });
  await release('1.0.0', folder);
  await deploy('1.0.0', ['--watch']);
  const state = join(work, 'host');
  await startNode(xylem, { name: 'host', environment, state });
  await xylem.end('host', 'SIGTERM');
  const identity = await loadIdentity(join(state, 'identity'));
  const [rootUrl] = identity?.parents ?? [];
  // nginx shows the relay's certificate: that of a host is for no server.
  const server = await loadIdentity(join(work, 'relay', 'identity'));
  if (identity === null || server === null || rootUrl === undefined || relayUrl === undefined)
    throw new XylemError('E_INTERNAL', 'The host or the relay has not joined.');

  // A copy, so that nothing changes under the plain rows.
  const files = join(work, 'files');
  await cp(join(work, 'root', 'repository'), files, { recursive: true });
  const large = await largestObject(files);
  const changing = `/r/${identity.environment.id}/metadata/timestamp.json`;
  const caFile = join(work, 'ca.pem');
  await writeFileAtomic(caFile, identity.caPem);
  const asDebian = 'access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;';
  const mutual = `ssl_client_certificate ${caFile}; ssl_verify_client on;`;
  const nginx = async (
    lines: string,
    with_: { readonly tls?: ReturnType<typeof shown> },
  ): Promise<Server> => {
    const server = await nginxServer(context, files, { ...with_, lines });
    if ('skip' in server) throw new XylemError('E_INPUT', `There is no nginx: ${server.skip}.`);
    return { name: 'nginx', url: server.url, pid: server.pid };
  };
  const plain = [await startPlain(context, files), await nginx(asDebian, {})];
  const secure = [
    { name: 'root', url: rootUrl, pid: xylem.pidOf('root') },
    { name: 'relay', url: relayUrl, pid: xylem.pidOf('relay') },
    await nginx(`${asDebian} ${mutual}`, { tls: shown(server) }),
  ];
  const load = startTlsLoad(context, shown(identity));
  const rowsOf = (prefix: string, servers: readonly Server[], ask: Row['ask']): Row[] => [
    {
      name: `${prefix}Large`,
      path: large,
      isConditional: false,
      connections: 8,
      isLarge: true,
      servers,
      ask,
    },
    {
      name: `${prefix}304`,
      path: changing,
      isConditional: true,
      connections: 32,
      isLarge: false,
      servers,
      ask,
    },
    {
      name: `${prefix}Small`,
      path: changing,
      isConditional: false,
      connections: 32,
      isLarge: false,
      servers,
      ask,
    },
  ];
  const client = createHttpClient({ tls: clientTls(identity) });
  const figures: Record<string, number> = {};
  const rows = [...rowsOf('plain', plain, askPlainly), ...rowsOf('tls', secure, load.ask)];
  try {
    for (const row of rows) Object.assign(figures, await measureRow(row, options, client, say));
  } finally {
    client.close();
  }
  for (const { name, url, pid } of secure.slice(0, -1)) {
    const before = await usageOf(pid);
    await load.hold(url, changing, options.idleConnections);
    const after = await usageOf(pid);
    const kb = ((after.rssMb - before.rssMb) * 1024) / options.idleConnections;
    figures[`${name}RssMb`] = round(before.rssMb);
    figures[`${name}IdleConnectionKb`] = round(kb);
    say(
      `${name}: ${round(before.rssMb)} MB, and ${round(kb)} KiB for each of ${options.idleConnections} connections`,
    );
  }
  return { inputs: { ...options, largeBytes }, figures };
}

const shown = ({ key, certificatePem }: Identity): { readonly key: string; readonly cert: string } => ({
  key: key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  cert: certificatePem,
});

/** Each server in turns, so that what the machine does meanwhile hits all alike. */
async function measureRow(
  row: Row,
  { rounds, seconds }: Options,
  client: ReturnType<typeof createHttpClient>,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const { name, path, isConditional, isLarge, connections, servers, ask } = row;
  const rates = new Map<string, number[]>();
  const costs = new Map<string, number[]>();
  for (let at = 0; at < rounds; at += 1) {
    for (const server of servers) {
      const url = `${server.url}${path}`;
      const headers = isConditional ? { 'if-none-match': await etagOf(client, url) } : {};
      const before = await usageOf(server.pid);
      const answered = await ask({ url, headers, connections, seconds });
      const after = await usageOf(server.pid);
      if (answered.failed > 0)
        throw new XylemError('E_INTERNAL', `${server.name} did not answer all of ${name}.`);
      const count = isLarge ? answered.bytes : answered.answers;
      push(rates, server.name, count / answered.seconds);
      push(costs, server.name, (after.cpuSeconds - before.cpuSeconds) / count);
    }
  }
  const figures: Record<string, number> = {};
  const peerRate = median(rates.get('nginx'));
  const peerCost = median(costs.get('nginx'));
  for (const server of servers) {
    const title = `${name}${server.name === 'plain' ? '' : server.name[0]?.toUpperCase() + server.name.slice(1)}`;
    const rate = median(rates.get(server.name));
    const cost = median(costs.get(server.name));
    figures[`${title}${isLarge ? 'MBytes' : ''}PerSecond`] = Math.round(isLarge ? rate / 1e6 : rate);
    if (server.name === 'nginx') continue;
    figures[`${title}Ratio`] = round(rate / peerRate);
    figures[`${title}CpuRatio`] = round(peerCost / cost);
    say(`${title}: ${round(rate / peerRate)} of nginx's rate, ${round(peerCost / cost)} by processor time`);
  }
  return figures;
}

async function startPlain(context: Lab['context'], folder: string): Promise<Server> {
  const child = fork(join(import.meta.dirname, 'static', 'plain-main.ts'), [folder]);
  context.after(() => void child.kill('SIGKILL'));
  const [port] = (await once(child, 'message')) as [number];
  return { name: 'plain', url: `http://127.0.0.1:${port}`, pid: child.pid ?? -1 };
}

async function etagOf(client: ReturnType<typeof createHttpClient>, url: string): Promise<string> {
  const { headers, body } = await client.request({ method: 'HEAD', url });
  for await (const _ of body);
  return headers['etag'] ?? '';
}

async function largestObject(files: string): Promise<string> {
  let found = { path: '', size: 0 };
  for (const domain of await readdir(join(files, 'o'))) {
    for (const name of await readdir(join(files, 'o', domain))) {
      const path = `/o/${domain}/${name}`;
      const { size } = await stat(join(files, path));
      if (size > found.size) found = { path, size };
    }
  }
  return found.path;
}

function push(lists: Map<string, number[]>, name: string, value: number): void {
  lists.set(name, [...(lists.get(name) ?? []), value]);
}

function median(values: readonly number[] = []): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const round = (value: number): number => Number(value.toFixed(2));
