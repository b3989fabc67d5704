import { Agent, type AgentOptions, request } from 'node:https';
import {
  type Assignment,
  type Config,
  configDigest,
  type DesiredState,
  type Digest,
  type EnvironmentId,
  encodeReport,
  type HostId,
  type JoinAnswerBody,
  parseDesiredState,
  proofsHeader,
  type Report,
  type ReportedComponent,
  reportPayloadType,
  timeOf,
  type Version,
} from '@xylem/core';
import { systemRandomness } from '@xylem/platform';
import {
  buildJoinRequest,
  checkJoinAnswer,
  clientTls,
  generateKey,
  type KeyPair,
  parseToken,
  signEnvelope,
  TufClient,
  unpinnedTls,
} from '@xylem/trust';
import type { RootFixture } from './root-fixture.ts';

/** A host that joins and reports by the real formats, and does what a test says instead of installing. */
export interface FakeHost {
  readonly id: HostId;
  readonly key: KeyPair;
  readonly answer: JoinAnswerBody;
  get(path: string): Promise<{ status: number; body: Buffer }>;
  post(
    path: string,
    body: Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Buffer }>;
  /** The sequence of the last report sent, and the highest that was answered 202. */
  sequence(): number;
  answered(): number;
  /** From now on it talks to this root server. */
  moveTo(other: RootFixture): void;
  /** The desired state as a TUF client verifies it; its state is kept over calls. */
  desiredState(folder: string): Promise<DesiredState>;
  /** Reports that it runs these; by default all that it runs already. */
  report(
    components?: readonly (Pick<Assignment, 'component' | 'product' | 'package' | 'version'> &
      Pick<ReportedComponent, 'again'> & {
        /** With which it says that it was committed. */
        readonly configured?: Config;
      })[],
    extra?: Partial<Report>,
  ): Promise<number>;
  /** Signs the next report without sending it; an envelope. */
  nextReport(extra?: Partial<Report>): Promise<string>;
  /** Sends these envelopes, as a relay does. */
  bring(...envelopes: readonly string[]): Promise<number>;
}

export async function fakeHost(
  first: RootFixture,
  token: string,
  options: { readonly name: string; readonly serve?: boolean; readonly key?: KeyPair },
): Promise<FakeHost> {
  let root = first;
  const key = options.key ?? generateKey();
  const parsed = parseToken(token);
  const joinRequest = buildJoinRequest({
    token: parsed,
    key,
    name: options.name,
    serve: options.serve ?? false,
    facts: {},
    randomness: systemRandomness,
  });
  const joined = await send(root, { ...unpinnedTls }, 'POST', '/join', joinRequest.body);
  if (joined.status !== 200)
    throw Object.assign(new Error(joined.body.toString()), JSON.parse(joined.body.toString()));
  const answer = checkJoinAnswer(joined.body, { token: parsed, requestMac: joinRequest.mac, key });
  const tls = clientTls({ key, certificatePem: answer.certificate, caPem: answer.ca });
  const incarnation = systemRandomness.bytes(8).toString('hex');
  let sequence = 0;
  let answered = 0;
  let direction = { snapshot: 0, number: 0 };
  let last: Report['components'] = [];
  const get = (path: string) => send(root, tls, 'GET', path);
  const post: FakeHost['post'] = (path, body, headers) => send(root, tls, 'POST', path, body, headers);
  return {
    id: answer.host,
    key,
    answer,
    get,
    post,
    sequence: () => sequence,
    answered: () => answered,
    moveTo: (other) => {
      root = other;
    },
    desiredState: async (folder) => {
      const environment = answer.environment.id;
      const pinned = Buffer.from(answer.trustMap.repositories[environment]?.root ?? '', 'base64url');
      const client = new TufClient({
        id: environment,
        pinnedRoot: pinned,
        stateFolder: folder,
        clock: root.clock,
        fetchMetadata: async (path, maxBytes) => {
          const { status, body } = await get(`/r/${environment}/${path}`);
          return status === 200 && body.length <= maxBytes ? body : null;
        },
      });
      const { state } = await client.refresh();
      const bytes = await client.readTarget('desired-state.json', 1 << 24);
      if (bytes === null) throw new Error('no desired state');
      const desired = parseDesiredState(bytes);
      direction = { snapshot: state.snapshot, number: desired.number };
      return desired;
    },
    report: async (components, extra = {}) => {
      const envelope = sign(components, extra);
      // Of this report: others may be on their way when its answer comes.
      const own = sequence;
      const status = await bring(await envelope);
      if (status === 202) answered = Math.max(answered, own);
      return status;
    },
    nextReport: (extra = {}) => sign(undefined, extra),
    bring,
  };

  async function bring(...envelopes: readonly string[]): Promise<number> {
    const batch = `{"format":"xylem-reports-1","reports":[${envelopes.join(',')}]}`;
    return (await post('/reports', Buffer.from(batch), { [proofsHeader]: '1' })).status;
  }

  async function sign(
    components: Parameters<FakeHost['report']>[0],
    extra: Partial<Report>,
  ): Promise<string> {
    const time = timeOf(root.clock.now());
    if (components !== undefined) {
      last = components.map((c) => ({
        ...installed(c, time),
        ...(c.configured === undefined ? {} : { config: configDigest(c.configured) }),
        ...(c.again === undefined ? {} : { again: c.again }),
      }));
    }
    sequence += 1;
    const report = fakeReport({
      host: answer.host,
      environment: answer.environment.id as EnvironmentId,
      incarnation,
      sequence,
      time,
      certificate: answer.certificate,
      name: options.name,
      direction,
      parent: { url: root.running().nodesUrl, host: null },
      components: last,
      ...extra,
    });
    return Buffer.from(signEnvelope(reportPayloadType, encodeReport(report), key)).toString();
  }
}

/** That a component was installed, as a host says it. */
export const installed = (
  {
    component,
    product,
    package: digest,
    version,
  }: Pick<Assignment, 'component' | 'product' | 'package' | 'version'>,
  since: ReportedComponent['since'],
): ReportedComponent => ({
  component,
  product,
  kind: 'files',
  package: digest,
  version: version as Version,
  tree: '0'.repeat(64) as Digest,
  previous: null,
  state: 'installed',
  healthy: null,
  since,
});

type SaidByHost = 'host' | 'environment' | 'incarnation' | 'sequence' | 'time' | 'certificate' | 'name';

export const fakeFacts: Report['facts'] = {
  os: 'linux',
  osVersion: '12',
  arch: 'x64',
  node: 'v26',
  cores: 2,
  memoryBytes: 1,
};

/** A report with nothing unusual in it. */
export const fakeReport = (
  said: Pick<Report, SaidByHost | 'parent' | 'components'> & Partial<Report>,
): Report => ({
  format: 'xylem-report-1',
  agent: '0.1.0' as Version,
  facts: fakeFacts,
  direction: { snapshot: 0, number: 0 },
  releases: {},
  waiting: [],
  transfer: { bytesDown: 0, bytesUp: 0, requests: 0, refusedObjects: 0 },
  ...said,
});

function send(
  root: RootFixture,
  tls: AgentOptions,
  method: string,
  path: string,
  body?: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${root.running().nodesUrl}${path}`,
      { method, headers, ...tls, agent: agentOf(root, tls) },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const agents = new WeakMap<object, Map<string, Agent>>();

/** One warm connection per host and root server, as a real host keeps one. */
function agentOf(root: RootFixture, tls: AgentOptions): Agent {
  const byUrl = agents.get(tls) ?? new Map<string, Agent>();
  agents.set(tls, byUrl);
  const url = root.running().nodesUrl;
  const agent = byUrl.get(url) ?? new Agent({ ...tls, keepAlive: true, maxSockets: 4 });
  byUrl.set(url, agent);
  return agent;
}
