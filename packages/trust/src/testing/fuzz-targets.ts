import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toB64u } from '@xylem/core';
import type { FuzzTarget } from '@xylem/core/testing';
import { silentLog } from '@xylem/platform';
import { checkCsr } from '../ca/authority.ts';
import { makeCsr } from '../ca/csr.ts';
import { addressOf, caIdOf } from '../ca/names.ts';
import { checkJoinAnswer } from '../enrolment/answer.ts';
import { buildRenewRequest, checkJoinRequest, parseRenewRequest } from '../enrolment/request.ts';
import { joinMac, joinMacKey, parseToken } from '../enrolment/token.ts';
import { checkTrustMap } from '../enrolment/trust-map.ts';
import { openEnvelope } from '../envelope/envelope.ts';
import { loadIdentity } from '../identity/identity.ts';
import { loadKeyFile } from '../keys/key-file.ts';
import { hostIdOf } from '../keys/key-pair.ts';
import { TufClient } from '../tuf/client/client.ts';
import { StateStore } from '../tuf/client/state-store.ts';
import { desiredStateTarget, metadataPath, repositoryIdOf } from '../tuf/names.ts';
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../tuf/parse.ts';
import { matchesPattern } from '../tuf/path-pattern.ts';
import { readProductDelegations } from '../tuf/write/targets.ts';
import { fixtureHostKey, makeFixtures } from './fixtures.ts';
import { ForeignRepository } from './foreign-repository.ts';
import { TestClock } from './readers.ts';
import { directionRepository, startMs, TestReleases } from './test-repository.ts';

const json = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

/** All that this package parses: metadata, envelopes, certificates and their requests, tokens, joining, files of a host. */
export async function trustFuzzTargets(): Promise<FuzzTarget[]> {
  const files = await makeFixtures();
  const file = (path: string): Uint8Array => files.get(path) ?? new Uint8Array();
  return [
    ...metadataTargets(files),
    ...(await clientTargets()),
    ...joiningTargets(file),
    ...hostTargets(file),
  ];
}

function metadataTargets(files: ReadonlyMap<string, Uint8Array>): FuzzTarget[] {
  const foreign = new ForeignRepository(startMs);
  foreign.delegate('targets', 'a', { path_hash_prefixes: ['0', 'f'] });
  foreign.delegate('targets', 'b', { paths: ['release/*/?.json'] });
  foreign.addTarget('file', Buffer.from('bytes'));
  foreign.publish('a', 'b', 'targets', 'snapshot', 'timestamp');
  const all = [...files, ...foreign.files].filter(([path]) => path.includes('metadata/'));
  const seeds = (role: RegExp): Uint8Array[] =>
    all.filter(([path]) => role.test(path)).map(([, bytes]) => bytes);
  const root = /root\.json$/;
  return [
    { name: 'root', seedInputs: seeds(root), parse: (input) => parseRoot(input) },
    { name: 'timestamp', seedInputs: seeds(/timestamp\.json$/), parse: (input) => parseTimestamp(input) },
    { name: 'snapshot', seedInputs: seeds(/snapshot\.json$/), parse: (input) => parseSnapshot(input) },
    {
      name: 'targets',
      seedInputs: seeds(/(targets|p-[0-9a-f]+|\d\.[ab])\.json$/),
      parse: (input) => [parseTargets(input), readProductDelegations(input)],
    },
    {
      name: 'signatures of a root',
      seedInputs: seeds(root),
      parse: (input) => parseRoot(input, parseRoot(input).metadata),
    },
    {
      name: 'path pattern',
      seedInputs: [Buffer.from('release/shop/*\nrelease/shop/a.json'), Buffer.from('*a?*b\naaab')],
      parse: (input) => {
        const [pattern = '', path = ''] = Buffer.from(input).toString().split('\n');
        return matchesPattern(path, pattern);
      },
    },
  ];
}

/** What a thief of every key but root's can sign: documents that verify, and are odd. */
async function clientTargets(): Promise<FuzzTarget[]> {
  const targetOf = (role: 'timestamp' | 'snapshot' | 'targets'): FuzzTarget => ({
    name: `a client fed with a signed ${role}`,
    seedInputs: [Buffer.from(JSON.stringify(new ForeignRepository(startMs, 'ed25519').signed(role)))],
    parse: async (input) => {
      const repository = new ForeignRepository(startMs, 'ed25519');
      repository.addTarget('file', Buffer.from('bytes'));
      repository.publish('targets', 'snapshot', 'timestamp');
      const signed = json(input);
      if (typeof signed !== 'object' || signed === null) return;
      Object.assign(signed, { version: 2 });
      try {
        repository.put(role, repository.sign(role, signed));
      } catch {
        // A fraction can't be signed.
        return;
      }
      await readThrough(repository);
    },
  });
  const direction = await directionRepository('fuzz');
  const vendor = await TestReleases.make('fuzz vendor');
  return [
    ...(['timestamp', 'snapshot', 'targets'] as const).map(targetOf),
    ...[direction, vendor].map((repository) => ({
      name: `a client fed with ${repository === vendor ? 'release' : 'direction'} metadata`,
      seedInputs: ['timestamp', 'snapshot', 'targets'].map((role) =>
        repository.file(metadataPath(role, repository.versions.get(role) ?? 0)),
      ),
      parse: async (input: Uint8Array) => {
        const client = new TufClient({
          id: repository.id,
          pinnedRoot: repository.pinned,
          stateFolder: nowhere,
          clock: new TestClock(startMs),
          fetchMetadata: async (path) => (path.includes('root') ? null : input),
        });
        await client.refresh();
      },
    })),
  ].map((target) => ({ ...target, parse: skippingNoJson(target.parse) }));
}

/** `json` throws for what is no JSON, which is not what these are for. */
function skippingNoJson(parse: FuzzTarget['parse']): FuzzTarget['parse'] {
  return async (input) => {
    try {
      json(input);
    } catch {
      return;
    }
    await parse(input);
  };
}

async function readThrough(repository: ForeignRepository): Promise<void> {
  const pinnedRoot = repository.file('metadata/1.root.json');
  const client = new TufClient({
    id: repositoryIdOf(pinnedRoot),
    pinnedRoot,
    stateFolder: nowhere,
    dialect: 'any',
    clock: new TestClock(startMs),
    fetchMetadata: async (path) => repository.files.get(path) ?? null,
  });
  await client.refresh();
  await client.readTarget('file', 1000);
  await client.readTarget(desiredStateTarget, 1000);
  await client.productRules('p-a');
}

/** Keeps nothing. */
const nowhere = {
  keepsEachStep: true,
  read: async () => ({ rootVersion: 0, timestamp: null, snapshotVersion: null, floorMs: 0 }),
  readRole: async () => null,
  writeRole: async () => undefined,
  commit: async () => undefined,
  readTarget: async () => null,
  writeTarget: async () => undefined,
};

function joiningTargets(file: (path: string) => Uint8Array): FuzzTarget[] {
  const tokenText = file('join/token.txt');
  const token = parseToken(Buffer.from(tokenText).toString());
  const macKey = joinMacKey(token.secret);
  const key = fixtureHostKey();
  const request = file('join/request.json');
  const outer = json(request) as { request: string; mac: string };
  const requestMac = Buffer.from(outer.mac, 'base64url');
  const answer = file('join/answer.json');
  const inner = Buffer.from((json(answer) as { answer: string }).answer, 'base64url');
  const wrapped = (document: object): Uint8Array => Buffer.from(JSON.stringify(document));
  const expected = { token, requestMac, key };
  return [
    { name: 'token', seedInputs: [tokenText], parse: (input) => parseToken(Buffer.from(input).toString()) },
    { name: 'join request', seedInputs: [request], parse: (input) => checkJoinRequest(input, () => macKey) },
    {
      name: 'join request by the holder of a token',
      seedInputs: [Buffer.from(outer.request, 'base64url')],
      parse: async (input) => {
        const mac = toB64u(joinMac(macKey, 'request\0', input));
        const body = { format: 'xylem-join-1', token: token.id, request: toB64u(input), mac };
        const { csr } = await checkJoinRequest(wrapped(body), () => macKey);
        await checkCsr(csr);
      },
    },
    { name: 'join answer', seedInputs: [answer], parse: (input) => checkJoinAnswer(input, expected) },
    {
      name: 'join answer by a root server',
      seedInputs: [inner],
      parse: (input) => {
        const mac = toB64u(joinMac(macKey, 'answer\0', requestMac, input));
        const body = { format: 'xylem-join-answer-1', answer: toB64u(input), mac };
        return checkJoinAnswer(wrapped(body), expected);
      },
    },
    {
      name: 'renewal',
      seedInputs: [buildRenewRequest(key, hostIdOf(key.public))],
      parse: (input) => parseRenewRequest(input),
    },
    {
      name: 'certificate request',
      seedInputs: [makeCsr(key, hostIdOf(key.public))],
      parse: (input) => checkCsr(input),
    },
    {
      name: 'names of a certificate',
      seedInputs: [Buffer.from(new X509Certificate(file('identity/cert.pem')).subjectAltName ?? '')],
      parse: (input) => addressOf(Buffer.from(input).toString(), caIdOf(String(file('identity/ca.pem')))),
    },
    {
      name: 'trust map',
      seedInputs: [file('trust-map.json')],
      parse: skippingNoJson((input) => checkTrustMap(json(input))),
    },
    {
      name: 'envelope',
      seedInputs: [file('report.json'), file('watermark.json')],
      parse: (input) => openEnvelope(input, 'application/vnd.xylem.report+json', () => key.public),
    },
  ];
}

/** Files of a host, each in turn damaged in a folder that is whole otherwise. */
function hostTargets(file: (path: string) => Uint8Array): FuzzTarget[] {
  const identity = ['host.json', 'ca.pem', 'cert.pem', 'trust-map.json', 'key.pem'];
  return [
    ...identity.map((name) => ({
      name: `identity/${name}`,
      seedInputs: [file(`identity/${name}`)],
      parse: async (input: Uint8Array) =>
        inFolder(async (folder) => {
          for (const other of identity) await writeFile(join(folder, other), file(`identity/${other}`));
          await writeFile(join(folder, name), input);
          await loadIdentity(folder);
        }),
    })),
    {
      name: 'key file',
      seedInputs: [file('identity/key.pem')],
      parse: async (input) =>
        inFolder(async (folder) => {
          await writeFile(join(folder, 'key'), input);
          await loadKeyFile(join(folder, 'key'), 'not its passphrase');
        }),
    },
    {
      name: 'trusted state',
      seedInputs: [Buffer.from(JSON.stringify({ format: 'xylem-tuf-state-1', repository: 'r', floor: 1 }))],
      parse: async (input) =>
        inFolder(async (folder) => {
          const store = new StateStore(folder, 'r' as never, silentLog);
          await store.writeRole('a', 1, input);
          await writeFile(join(folder, 'r', 'state.json'), await readFile(join(folder, 'r', '1.a.json')));
          await store.read();
        }),
    },
  ];
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'xylem-fuzz-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
