import { digest, type Example, example, host, id } from './example-parts.test-data.ts';
import * as wire from './index.ts';

/** Leaves and branches of the host map. */
export const hostMapExamples: Readonly<Record<string, Example>> = {
  'host-map-leaf-adopt': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: {},
          adopt: { 'shop-api': { order: id('ad') }, 'shop-web': { order: id('ae'), undo: true } },
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-reparent': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: {},
          parents: ['https://relay-2.muc.example:7443', 'https://root.example:7443'],
          reparent: { order: id('4e'), from: ['https://relay-1.muc.example:7443'] },
        },
        [id('b2')]: { labels: {}, parents: [], reparent: { order: id('4f'), from: [] } },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-limits': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: {},
          limits: [
            { down: 200_000, serve: 1_000_000, each: 100_000 },
            {
              down: 50_000,
              times: { from: '08:00', to: '18:00', zone: 'Europe/Berlin', days: ['mo', 'fr'] },
            },
          ],
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-limits-up': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: {},
          limits: [
            { up: 8_000 },
            { down: 50_000, up: 20_000, times: { from: '08:00', to: '18:00', zone: 'UTC' } },
          ],
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-undo': example(
    {
      format: 'xylem-hostmap-1',
      hosts: { [host]: { labels: {}, undo: { shop: '2026-11-21T03:00:00Z' } } },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-retry': example(
    {
      format: 'xylem-hostmap-1',
      hosts: { [host]: { labels: {}, retry: { 'shop-api': id('4e') } } },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-branch': example(
    { format: 'xylem-hostmap-1', children: { 0: digest('child 0'), f: digest('child f') } },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          name: 'web-1',
          labels: { role: 'web', site: 'muc', 'app.tier': 'front end' },
          parents: ['https://relay-1.muc.example:7443'],
          pins: { 'shop-api': digest('package 1') },
          config: { 'shop-api': { port: 9090 } },
          serve: true,
        },
        [id('a1')]: { labels: {}, retired: true },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-keys': example(
    {
      format: 'xylem-hostmap-1',
      hosts: { [host]: { labels: {}, keys: { 3: Buffer.from('age-encryption.org/v1').toString('base64') } } },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-move': example(
    {
      format: 'xylem-hostmap-1',
      hosts: { [host]: { labels: {}, move: { environment: id('e5'), name: 'acme/staging' } } },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'host-map-leaf-leave': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: { role: 'web' },
          leave: { environment: id('e5'), keepData: true, parents: ['https://relay.globex:8442'] },
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
};
