import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createHttpClient, readBody, systemClock, systemRandomness, writeFileAtomic } from '@xylem/platform';
import { startNode } from '@xylem/testkit';
import { clientTls, loadIdentity } from '@xylem/trust';
import type { Bench, Measured } from './bench.ts';
import { environment, inLab, type Lab } from './lab.ts';
import { likelihoodSlower } from './rank.ts';

const rounds = 3_000;
const warmUpRounds = 200;
/** So many standard errors away from one half is no noise any more. */
const noiseErrors = 4;

/** Two addresses, one of something that is there and lies outside what the asker may see, one of nothing. */
interface Pair {
  readonly what: string;
  readonly there: string;
  readonly absent: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Whether the time of an answer tells a stranger what is there. */
export const bench: Bench = {
  usage:
    '(no arguments): asks root server, relay and API for what another tenant has and for what nobody has, in turns,\n' +
    '  and compares the times; toldApart counts pairs whose times differ by more than noise, and is to be 0',
  run: (_words, say) => inLab('all', (lab) => measure(lab, say)),
};

async function measure(lab: Lab, say: (line: string) => void): Promise<Measured> {
  const { xylem, work, releasesAt } = lab;
  const tree = join(work, 'payload', 'tree');
  await mkdir(tree, { recursive: true });
  await writeFileAtomic(join(tree, 'page.html'), 'something of the other tenant');
  await lab.release('1.0.0', join(work, 'payload'));
  const relayState = join(work, 'relay');
  const relay = await startNode(xylem, { name: 'relay', environment, state: relayState, serve: true });
  await xylem.command(['deploy', 'bench@1.0.0', '--to', environment, '--yes', '--watch', '--timeout', '60']);
  await xylem.command(['env', 'create', 'stranger/main']);
  const state = join(work, 'stranger');
  await startNode(xylem, { name: 'stranger', environment: 'stranger/main', state });
  await xylem.end('stranger', 'SIGTERM');
  const identity = await loadIdentity(join(state, 'identity'));
  const [root] = identity?.parents ?? [];
  if (identity === null || root === undefined || relay === undefined)
    throw new TypeError('the stranger has no parent');

  const objects = await readdir(join(relayState, 'relay', 'repository', 'o'));
  const nodes: Pair[] = [];
  for (const [name, url] of [
    ['root server', root],
    ['relay', relay],
  ] as const) {
    for (const domain of objects) {
      const [object = ''] = (await readdir(join(relayState, 'relay', 'repository', 'o', domain))).filter(
        (file) => file.length === 64,
      );
      nodes.push(pair(`${name}, object`, `${url}/o/${domain}/${object}`, `${url}/o/${domain}/${random(32)}`));
    }
    const [repository = ''] = await readdir(join(relayState, 'relay', 'repository', 'r'));
    const timestamp = (id: string): string => `${url}/r/${id}/metadata/timestamp.json`;
    nodes.push(pair(`${name}, metadata`, timestamp(repository), timestamp(random(16))));
  }
  const { token } = (await xylem.command(
    'api-token create stranger --role operator --in stranger/main'.split(' '),
  )) as { token: string };
  const { hosts } = (await xylem.command(['host', 'list'])) as { hosts: { id: string }[] };
  const api = `${releasesAt.apiUrl}/api/v1`;
  const headers = { authorization: `Bearer ${token}` };
  const asked: Pair[] = [
    pair('API, environment', `${api}/environments/${environment}`, `${api}/environments/bench/none`, headers),
    pair('API, host', `${api}/hosts/${hosts[0]?.id}`, `${api}/hosts/${random(16)}`, headers),
    pair('API, product', `${api}/products/bench`, `${api}/products/none1`, headers),
  ];

  const client = createHttpClient({ tls: clientTls(identity) });
  let toldApart = 0;
  let furthest = 0;
  try {
    for (const one of [...nodes, ...asked]) {
      const { likelihood, errors } = await compare(client, one);
      say(
        `${one.what}: what is there answers later with likelihood ${likelihood.toFixed(3)} (${errors.toFixed(1)} standard errors from 0.5)`,
      );
      furthest = Math.max(furthest, Math.abs(likelihood - 0.5));
      if (Math.abs(errors) > noiseErrors) toldApart += 1;
    }
  } finally {
    client.close();
  }
  return {
    inputs: { rounds, noiseErrors },
    figures: { pairs: nodes.length + asked.length, toldApart, furthestFromHalf: Number(furthest.toFixed(3)) },
  };
}

const random = (bytes: number): string => systemRandomness.bytes(bytes).toString('hex');
const pair = (what: string, there: string, absent: string, headers = {}): Pair => ({
  what,
  there,
  absent,
  headers,
});

async function compare(client: ReturnType<typeof createHttpClient>, { what, there, absent, headers }: Pair) {
  const times = { there: [] as number[], absent: [] as number[] };
  const ask = async (url: string): Promise<number> => {
    const beganMs = systemClock.monotonicMs();
    const { status, body } = await client.request({ method: 'GET', url, headers });
    await readBody(body, 65_536, url);
    if (status !== 404) throw new TypeError(`${what}: ${url} was answered with ${status}`);
    return systemClock.monotonicMs() - beganMs;
  };
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    // Who goes first is by chance: what the machine does meanwhile hits both alike.
    const order =
      systemRandomness.fraction() < 0.5 ? (['there', 'absent'] as const) : (['absent', 'there'] as const);
    for (const kind of order) {
      const ms = await ask(kind === 'there' ? there : absent);
      if (round >= 0) times[kind].push(ms);
    }
  }
  return likelihoodSlower(times.there, times.absent);
}
