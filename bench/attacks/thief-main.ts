// A thief: given stolen files on the command line, asks a node for what they don't give him, and says what he was given.
import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import {
  type Envelope,
  type EnvironmentId,
  encodeReport,
  formatNewsCursor,
  reportPayloadType,
  timeOf,
  toB64u,
} from '@xylem/core';
import { systemClock, systemRandomness } from '@xylem/platform';
import {
  buildJoinRequest,
  buildRenewRequest,
  clientTls,
  generateKey,
  loadIdentity,
  makeCsr,
  parseToken,
  signEnvelope,
} from '@xylem/trust';

export interface Given {
  readonly status: number;
  readonly body: string;
}

/** A version of the agent that there is not: who is said to run it was spoken for. */
const lie = '99.99.99';

const [what = '', node = '', stolen = '', ...words] = process.argv.slice(2);

function ask(tls: object, method: string, path: string, body?: Uint8Array): Promise<Given> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = request(`${node}${path}`, { ...tls, method, headers }, (answer) => {
      buffer(answer).then(
        (whole) => resolve({ status: answer.statusCode ?? 0, body: whole.toString() }),
        reject,
      );
    });
    // News may be held, which tells nothing.
    outgoing.setTimeout(5_000, () => {
      resolve({ status: 0, body: '' });
      outgoing.destroy();
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** A host's identity folder; the host and environment that are not his; an object's path of that environment. */
async function asHost(): Promise<Record<string, Given>> {
  const identity = await loadIdentity(stolen);
  if (identity === null) throw new Error('no identity');
  const [otherHost = '', otherEnvironment = '', otherObject = ''] = words;
  const tls = clientTls(identity);
  const own = {
    format: 'xylem-report-1',
    host: identity.host,
    environment: identity.environment.id,
    incarnation: '0123456789abcdef',
    sequence: 1,
    time: timeOf(systemClock.now()),
    agent: lie,
    name: 'thief',
    facts: { os: 'linux', osVersion: '', arch: 'x64', node: '', cores: 1, memoryBytes: 1 },
    direction: { snapshot: 1, number: 1 },
    releases: {},
    parent: { url: null, host: null },
    components: [],
    waiting: [],
    transfer: { bytesDown: 0, bytesUp: 0, requests: 0, refusedObjects: 0 },
  };
  const signed = (document: object): Uint8Array => {
    const bytes = encodeReport(document as never);
    const envelope = JSON.parse(
      Buffer.from(signEnvelope(reportPayloadType, bytes, identity.key)).toString(),
    ) as Envelope;
    return Buffer.from(JSON.stringify({ format: 'xylem-reports-1', reports: [envelope] }));
  };
  const another = generateKey();
  return {
    'own direction': await ask(tls, 'GET', `/r/${identity.environment.id}/metadata/timestamp.json`),
    'own report': await ask(tls, 'POST', '/reports', signed(own)),
    'own renewal': await ask(tls, 'POST', '/renew', buildRenewRequest(identity.key, identity.host)),
    'another environment’s direction': await ask(
      tls,
      'GET',
      `/r/${otherEnvironment}/metadata/timestamp.json`,
    ),
    'another environment’s root': await ask(tls, 'GET', `/r/${otherEnvironment}/metadata/1.root.json`),
    'another environment’s host map': await ask(tls, 'GET', otherObject),
    'another environment’s news': await ask(
      tls,
      'GET',
      `/news?since=${formatNewsCursor(new Map([[otherEnvironment as EnvironmentId, 0]]))}`,
    ),
    'a report for another host': await ask(tls, 'POST', '/reports', signed({ ...own, host: otherHost })),
    'a renewal for another host': await ask(
      tls,
      'POST',
      '/renew',
      buildRenewRequest(identity.key, otherHost),
    ),
    'a renewal by a key of his own': await ask(
      tls,
      'POST',
      '/renew',
      Buffer.from(JSON.stringify({ format: 'xylem-renew-1', csr: toB64u(makeCsr(another, identity.host)) })),
    ),
    'the API': await ask(tls, 'GET', '/api/v1/hosts'),
  };
}

/** A join token; where the second word is `later`, its uses are gone. */
async function asJoiner(): Promise<Record<string, Given>> {
  const token = parseToken(stolen);
  const tls = { rejectUnauthorized: false };
  const join = (changes: { serve?: boolean; secret?: Uint8Array } = {}): Promise<Given> => {
    const secret = changes.secret ?? token.secret;
    const { body } = buildJoinRequest({
      token: { ...token, secret },
      key: generateKey(),
      name: 'thief',
      serve: changes.serve ?? false,
      facts: {},
      randomness: systemRandomness,
    });
    return ask(tls, 'POST', '/join', body);
  };
  return {
    'joining as a relay': await join({ serve: true }),
    'joining by a guessed secret': await join({ secret: new Uint8Array(32) }),
    'joining once': await join(),
    'joining again': await join(),
    'joining a third time': await join(),
  };
}

const given = what === 'host' ? await asHost() : await asJoiner();
process.stdout.write(`${JSON.stringify(given)}\n`);
