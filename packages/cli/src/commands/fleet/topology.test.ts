import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Topology } from '@xylem/root/contract';
import { drawTopology } from './topology.ts';

const nowMs = Date.parse('2026-11-22T12:00:00Z');
const heard = '2026-11-22T08:00:00Z' as Topology['unheard'][number]['heard'];

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

test('below a relay of which nothing is heard no host is drawn: one sentence says it of all', () => {
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

test('what was folded is told of a relay, by the day and in all, and of a host’s own reports', () => {
  const folded = [
    { ...node('older', null, 'https://older'), superseded: 1204 },
    { ...node('relay', null, 'https://relay'), superseded: 1204, supersededTotal: 8428 },
    { ...node('rested', null, 'https://rested'), supersededTotal: 8428, ownSuperseded: 3 },
    { ...node('web', null), ownSuperseded: 12 },
  ];
  const drawn = drawTopology({ root: { url: 'https://root' }, nodes: folded, unheard: [] }, nowMs);
  assert.deepEqual(
    drawn
      .split('\n')
      .slice(1)
      .map((line) => line.split('  ').slice(4).join('  ')),
    [
      'serves https://older  1204 reports superseded before they went up in the last day',
      'serves https://relay  1204 reports superseded before they went up in the last day, 8428 in all',
      'serves https://rested  0 reports superseded before they went up in the last day, 8428 in all  3 of its own reports superseded before a parent took them',
      '12 of its own reports superseded before a parent took them',
    ],
  );
});
