import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FuzzTarget } from '@xylem/core/testing';
import { silentLog } from '@xylem/platform';
import { interruptions, parseJournal } from '../converge/journal.ts';
import { acceptedFile } from '../direction/accepted-file.ts';
import { slotFile } from '../slot/record.ts';
import { connectSupervisor } from '../supervisor/connection.ts';
import { supervisorServer } from '../supervisor/server.ts';
import { examplePlaced } from './fuzz-seeds.ts';

interface Context {
  after(remove: () => void | Promise<void>): unknown;
}

/** What an agent reads of its own disk after whatever befell it, and what its supervisor and it say to each other. */
export async function agentFuzzTargets(context: Context): Promise<FuzzTarget[]> {
  const folder = await mkdtemp(join(tmpdir(), 'xylem-fuzz-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const placed = examplePlaced();
  const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
  const line = { at: '2026-01-01T00:00:00Z', step: 'fetch', phase: 'begin', fingerprint: 'a'.repeat(64) };
  const file = (name: string, seed: object, read: (path: string) => Promise<unknown>): FuzzTarget => ({
    name: `${name} of an agent`,
    seedInputs: [json(seed)],
    parse: async (input) => {
      const path = join(folder, `${name}.json`);
      await writeFile(path, input);
      return await read(path);
    },
  });
  return [
    {
      name: 'journal',
      seedInputs: [
        Buffer.from(`${JSON.stringify(line)}\n${JSON.stringify({ ...line, phase: 'end' })}\n{"at`),
      ],
      parse: (input) => interruptions(parseJournal(Buffer.from(input).toString()), 'fetch', 'a'.repeat(64)),
    },
    file(
      'accepted',
      {
        format: 'xylem-accepted-1',
        components: [placed],
        held: [],
        purge: [],
        snapshot: 1,
        number: 1,
        floors: {},
        entry: { labels: {} },
      },
      (path) => acceptedFile(path, silentLog).read(),
    ),
    file(
      'slot',
      {
        format: 'xylem-slot-1',
        installed: placed,
        since: '2026-01-01T00:00:00Z',
        previous: [placed],
        refused: null,
      },
      (path) => slotFile(path, silentLog).read(),
    ),
    await supervisorTarget(context, join(folder, 's')),
    await answersTarget(context, join(folder, 'a')),
  ];
}

const spec = {
  component: 'web',
  command: ['/bin/true'],
  environment: { A: 'b' },
  workingFolder: '/',
  stopTimeoutMs: 1000,
  tree: 'a'.repeat(64),
  fingerprint: 'b'.repeat(64),
};
const hello = `${JSON.stringify({ id: 99_999, op: 'hello' })}\n`;

/** Whatever was said before, the next who asks is answered. */
async function supervisorTarget(context: Context, path: string): Promise<FuzzTarget> {
  const table = {
    list: () => [],
    start: async () => undefined,
    stop: async () => undefined,
    adopt: async () => undefined,
    disown: async () => undefined,
    boundLogs: () => undefined,
    size: () => 0,
    abandon: async () => undefined,
  };
  const server = supervisorServer(
    table,
    () => undefined,
    () => undefined,
  );
  server.listen(path);
  await once(server, 'listening');
  context.after(() => {
    server.closeAll();
    server.close();
  });
  const lines = [
    { id: 1, op: 'start', spec },
    { id: 2, op: 'stop', instance: 'web', component: 'web' },
    { id: 3, op: 'list' },
  ];
  const converse = (input: Uint8Array): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(path);
      let text = '';
      socket.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (text.includes('99999')) socket.destroy();
      });
      socket.once('error', reject);
      socket.once('close', () => resolve(text));
      if (input.length > 0) socket.write(Buffer.concat([input, Buffer.from('\n')]));
      socket.write(hello);
    });
  return {
    name: 'lines to a supervisor',
    seedInputs: lines.map((one) => Buffer.from(JSON.stringify(one))),
    parse: async (input) => {
      await converse(input).catch(() => undefined);
      if (!(await converse(Buffer.alloc(0))).includes('"ok":true')) throw new Error('it answers no more');
    },
  };
}

/** A supervisor that lies: what is asked of it is refused by a code. */
async function answersTarget(context: Context, path: string): Promise<FuzzTarget> {
  let answer: Uint8Array = new Uint8Array();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([answer, Buffer.from('\n')])));
  });
  server.listen(path);
  await once(server, 'listening');
  context.after(() => void server.close());
  const answers = [
    { id: 1, ok: true, result: [{ component: 'web' }] },
    { id: 1, ok: false, code: 'E_SUPERVISOR', message: 'no' },
    { event: 'changed', component: 'web' },
  ];
  return {
    name: 'answers of a supervisor',
    seedInputs: answers.map((one) => Buffer.from(JSON.stringify(one))),
    parse: async (input) => {
      answer = input;
      const connection = await connectSupervisor(path, { changed: () => undefined, closed: () => undefined });
      try {
        await connection?.ask({ op: 'list' }, 2_000);
      } finally {
        connection?.close();
      }
    },
  };
}
