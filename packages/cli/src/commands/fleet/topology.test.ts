import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Topology } from '@xylem/root/contract';
import { drawTopology } from './topology.ts';

const nowMs = Date.parse('2026-11-22T12:00:00Z');
const heard = '2026-11-22T08:00:00Z' as Topology['unheard'][number]['heard'];

test('below a relay of which nothing is heard no host is drawn: one sentence says it of all', () => {
  const node = (name: string, parent: string | null, url: string | null = null) => ({
    id: name,
    name,
    environment: 'acme/production',
    serve: url !== null,
    url,
    parent,
    parentUrl: null,
    depth: parent === null ? 1 : 2,
    state: 'silent',
    drained: false,
    lastSeen: heard,
  });
  const hosts = Array.from({ length: 1204 }, (_, at) => node(`web-${at}`, 'muc'));
  const topology: Topology = {
    root: { url: 'https://root' },
    nodes: [node('muc', null, 'https://muc'), ...hosts, node('other', null)],
    unheard: [
      {
        relay: { id: 'muc', name: 'muc', environment: 'acme/production' },
        relaySilent: true,
        hosts: hosts.length,
        heard,
      },
    ],
  };
  assert.deepEqual(drawTopology(topology, nowMs).split('\n'), [
    'UNHEARD: nothing of the relay muc (acme/production), nor of the 1204 hosts below it, for 4h.',
    'root  https://root',
    '├── muc  acme/production  silent  reported 4h ago  serves https://muc',
    '└── other  acme/production  silent  reported 4h ago',
  ]);
  const reports = topology.unheard.map((one) => ({ ...one, relaySilent: false }));
  assert.match(
    drawTopology({ ...topology, unheard: reports }, nowMs),
    /^UNHEARD: nothing of the 1204 hosts below the relay muc .* though it reports itself\.$/m,
  );
});
