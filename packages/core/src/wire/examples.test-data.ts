/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import { encodeTree, parseTree } from '../tree/index.ts';
import {
  b64u,
  digest,
  domain,
  type Example,
  envelope,
  environment,
  example,
  id,
  time,
  tree,
  treeDigest,
  trustMap,
} from './example-parts.test-data.ts';
import { hostMapExamples } from './host-map-examples.test-data.ts';
import { identityExamples } from './identity-examples.test-data.ts';
import * as wire from './index.ts';
import { jobExamples } from './job-examples.test-data.ts';
import { migrationExamples } from './migration-examples.test-data.ts';
import { operationExamples } from './operation-examples.test-data.ts';
import { packageExamples } from './package-examples.test-data.ts';
import { reportExamples } from './report-examples.test-data.ts';
import { stateExamples } from './state-examples.test-data.ts';

export const examples: Readonly<Record<string, Example>> = {
  ...hostMapExamples,
  ...identityExamples,
  ...jobExamples,
  ...migrationExamples,
  ...operationExamples,
  ...packageExamples,
  ...reportExamples,
  ...stateExamples,
  tree: { encoded: tree, parse: parseTree, encode: encodeTree as Example['encode'] },
  'pack-index': {
    encoded: wire.encodePackIndex([
      [
        8,
        61_001,
        150_000,
        [
          [digest('big 1'), 70_000],
          [digest('big 2'), 80_000],
        ],
      ],
      [
        61_009,
        9,
        8,
        [
          [digest('hello\n'), 6],
          [digest('x\n'), 2],
        ],
      ],
      [61_018, 400, tree.length, [[treeDigest, tree.length]]],
    ]),
    parse: (input) => wire.parsePackIndex(input).frames,
    encode: wire.encodePackIndex as Example['encode'],
  },
  offer: example(
    {
      format: 'xylem-offer-1',
      tree: treeDigest,
      treeChunks: [[treeDigest, tree.length]],
      packs: [[digest('pack'), 61_800]],
      frames: [
        [0, 61_018, 400, tree.length, [[0, 1, 0]]],
        [0, 8, 61_001, 150_000, [[1, 2, 0]]],
        [0, 61_009, 9, 8, [[3, 2, 0]]],
      ],
    },
    (input) =>
      wire.parseOffer(input instanceof Uint8Array ? input : new TextEncoder().encode(JSON.stringify(input))),
    wire.encodeOffer,
  ),
  'patch-list': example(
    {
      format: 'xylem-patches-1',
      to: treeDigest,
      patches: [
        [digest('former tree'), digest('patch'), 1_456, 9_010_203, 31_000],
        [digest('tree before that'), digest('other patch'), 2_205_804, 123_456_789, 40_000_000],
      ],
    },
    (input) =>
      wire.parsePatchList(
        input instanceof Uint8Array ? input : new TextEncoder().encode(JSON.stringify(input)),
      ),
    wire.encodePatchList,
  ),
  release: example(
    {
      format: 'xylem-release-1',
      product: 'shop',
      version: '2.4.0',
      domain,
      issued: time,
      notes: 'Faster search.\nÄltere Browser.',
      packages: [
        { component: 'shop-api', version: '2.4.0', package: digest('package 2'), after: [] },
        { component: 'shop-web', version: '1.9.0', package: digest('package web'), after: ['shop-api'] },
      ],
    },
    wire.parseRelease,
    wire.encodeRelease,
  ),
  channel: example(
    {
      format: 'xylem-channel-1',
      product: 'shop',
      channel: 'stable',
      version: '2.4.0',
      release: digest('release'),
      issued: time,
    },
    wire.parseChannel,
    wire.encodeChannel,
  ),
  signing: example(
    {
      format: 'xylem-signing-1',
      environment: { id: environment, name: 'acme/production' },
      operators: { ...envelope, payloadType: wire.operatorsPayloadType },
      document: { payloadType: wire.liftPayloadType, payload: envelope.payload, signatures: [] },
    },
    wire.parseSigning,
    wire.encodeSigning,
  ),
  news: example(
    {
      format: 'xylem-news-1',
      changed: [{ environment, snapshot: 1_795_231_686, timestamp: b64u('{"signed":{}}') }],
    },
    wire.parseNews,
    wire.encodeNews,
  ),
  'news-since-root': example(
    { format: 'xylem-news-1', changed: [], sinceRootMs: 61_250 },
    wire.parseNews,
    wire.encodeNews,
  ),
  'news-full': example(
    { format: 'xylem-news-1', changed: [], sinceRootMs: 50_000, fullForMs: 720_000 },
    wire.parseNews,
    wire.encodeNews,
  ),
  'news-file': example(
    {
      format: 'xylem-news-file-1',
      environment,
      from: 1_795_231_600,
      to: 1_795_231_686,
      files: { [`r/${environment}/metadata/1795231686.snapshot.json`]: '{"signed":{}}' },
      absent: [`r/${environment}/metadata/2.root.json`],
    },
    wire.parseNewsFile,
    wire.encodeNewsFile,
  ),
  'host-map-file': example(
    {
      format: 'xylem-host-map-file-1',
      environment,
      to: digest('host map'),
      nodes: ['{"format":"xylem-hostmap-1","hosts":{}}'],
    },
    wire.parseHostMapFile,
    wire.encodeHostMapFile,
  ),
  'trust-map': example(trustMap, wire.parseTrustMap, wire.encodeTrustMap),
  parents: example(
    {
      format: 'xylem-parents-1',
      self: { url: 'https://relay-1.muc.example:7443', host: id('a1') },
      siblings: ['https://relay-2.muc.example:7443'],
      above: ['https://root.example:7443'],
    },
    wire.parseParents,
    wire.encodeParents,
  ),
  'parents-of-relay': example(
    {
      format: 'xylem-parents-1',
      self: { url: 'https://root.example:7443', host: null },
      siblings: ['https://relay-2.muc.example:7443'],
      above: [],
      relays: [
        { url: 'https://relay-2.muc.example:7443', host: id('a2'), serves: [environment] },
        { url: 'https://relay-3.muc.example:7443', host: id('a3'), serves: '*' },
      ],
    },
    wire.parseParents,
    wire.encodeParents,
  ),
  'parents-line': example(
    {
      format: 'xylem-parents-1',
      self: { url: 'https://relay-1.muc.example:7443', host: id('a1') },
      siblings: [],
      above: ['https://relay.fra.example:7443'],
      line: [id('b1'), id('b2')],
    },
    wire.parseParents,
    wire.encodeParents,
  ),
};
