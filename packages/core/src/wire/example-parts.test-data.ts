import { sha256 } from '../hashing.ts';
import type { Digest } from '../ids.ts';
import { encodeTree, type TreeEntry } from '../tree/index.ts';
import * as wire from './index.ts';

/** One valid example of each document, for the golden fixtures and the tests of parsing. */
export interface Example {
  readonly encoded: Uint8Array;
  readonly parse: (input: Uint8Array) => unknown;
  readonly encode: (document: never) => Uint8Array;
}

/** Parsed types are branded; examples are written as plain data and pass through the parser. */
export function example<T>(
  document: unknown,
  parse: (input: unknown) => T,
  encode: (document: T) => Uint8Array,
): Example {
  return { encoded: encode(parse(document)), parse, encode: encode as Example['encode'] };
}

export const id = (n: string): string => n.repeat(32).slice(0, 32);
export const digest = (text: string): Digest => sha256(text);
export const b64u = (text: string): string => Buffer.from(text).toString('base64url');
export const environment = id('e');
const repository = id('5');
export const domain = id('d0');
export const host = '9f2c4e6a8b0d1f3579bdf02468ace135';
export const time = '2026-11-21T03:28:06Z';
export const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

const entries: readonly TreeEntry[] = [
  { type: 'link', path: 'bin/shop', target: '../lib/main.js' },
  { type: 'folder', path: 'cache' },
  { type: 'file', path: 'empty.txt', sizeBytes: 0, digest: sha256(''), executable: false, chunks: [] },
  {
    type: 'file',
    path: 'lib/big.bin',
    sizeBytes: 150_000,
    digest: digest('big'),
    executable: false,
    chunks: [
      [digest('big 1'), 70_000],
      [digest('big 2'), 80_000],
    ],
  },
  {
    type: 'file',
    path: 'lib/main.js',
    sizeBytes: 6,
    digest: digest('hello\n'),
    executable: true,
    chunks: [[digest('hello\n'), 6]],
  },
  {
    type: 'file',
    path: 'überblick.md',
    sizeBytes: 2,
    digest: digest('x\n'),
    executable: false,
    chunks: [[digest('x\n'), 2]],
  },
];
export const tree = encodeTree(entries);
export const treeDigest = sha256(tree);

export const trustMap = {
  format: 'xylem-trust-map-1',
  environment,
  repositories: {
    [environment]: { kind: 'direction', root: b64u('{"signed":{}}') },
    [repository]: { kind: 'release', root: b64u('{"signed":{}}') },
  },
  products: { shop: repository, '*': repository },
};

export const envelope = {
  payloadType: wire.reportPayloadType,
  payload: Buffer.from('{}').toString('base64'),
  signatures: [{ keyid: host, sig: Buffer.alloc(64, 7).toString('base64') }],
};

export const desiredState = {
  format: 'xylem-desired-state-1',
  environment,
  name: 'acme/production',
  number: 17,
  issued: time,
  repositories: { [repository]: { snapshot: 1_795_231_600 } },
  products: { shop: { repository, domain } },
  assignments: [
    {
      component: 'shop-api',
      product: 'shop',
      release: digest('release'),
      package: digest('package 2'),
      version: '2.4.0',
      where: 'role = web and site in (muc, fra)',
      cohort: { salt: b64u('sixteen bytes ok'), atMost: `3${'f'.repeat(63)}` },
      config: { port: 8081 },
      after: [],
      deployment: '01jd7rkq8m',
    },
    {
      component: 'shop-api',
      product: 'shop',
      release: digest('release before'),
      package: digest('package 1'),
      version: '2.3.0',
      where: 'role = web and site in (muc, fra)',
      config: { port: 8081 },
      after: [],
    },
  ],
  purge: ['shop-jobs'],
  policy: { reportEverySeconds: 3600, keepPrevious: 1 },
  collector: { key: Buffer.alloc(32, 3).toString('base64url') },
  hostMap: digest('host map'),
};

export const report = {
  format: 'xylem-report-1',
  host,
  environment,
  incarnation: '00112233aabbccdd',
  sequence: 42,
  time,
  agent: '0.1.0',
  name: 'web-1',
  facts: {
    os: 'linux',
    osVersion: 'Debian 12',
    arch: 'x64',
    node: '26.10.0',
    cores: 2,
    memoryBytes: 25769803776,
    diskFreeBytes: 1e11,
  },
  direction: { snapshot: 1_795_231_686, number: 17 },
  releases: { [repository]: 1_795_231_600 },
  parent: { url: 'https://relay-1.muc.example:7443', host: id('a1') },
  serves: { url: 'https://10.0.0.7:7443', children: [{ host: id('b2'), lastSeen: time }] },
  components: [
    {
      component: 'shop-api',
      product: 'shop',
      kind: 'service',
      package: digest('package 1'),
      version: '2.3.0',
      tree: treeDigest,
      previous: null,
      state: 'running',
      healthy: true,
      since: time,
      refused: {
        package: digest('package 2'),
        code: 'E_HEALTH_FAILED',
        message: 'http://127.0.0.1:8080/ answered 500',
      },
    },
  ],
  waiting: [{ component: null, code: 'E_METADATA_EXPIRED', message: 'timestamp expired', since: time }],
  transfer: { bytesDown: 123_456, bytesUp: 789, requests: 12, refusedObjects: 0 },
};

export const joinBody = {
  host,
  certificate,
  ca: certificate,
  environment: { id: environment, name: 'acme/production' },
  trustMap,
  parents: ['https://root.example:7443'],
  issued: time,
};
