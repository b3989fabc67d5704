import { mkdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { jcs, sha256, XylemError } from '@xylem/core';
import type { StateLayout } from '../../state/layout.ts';
import { readLines, writeLine } from '../../supervisor/lines.ts';
import { localSocketPath } from '../../supervisor/socket-path.ts';
import type { ServiceTerms } from '../../supervisor/terms.ts';
import type { RouterTools } from '../router.ts';
import {
  type ForwarderAnswer,
  type ForwarderRequest,
  forwarderComponent,
  type RouteState,
} from './protocol.ts';

const answerMs = 10_000;
const startMs = 20_000;
const pauseMs = 20;

/**
 * Asks the forwarder of this state folder.
 * @returns its routes after the request; null when none runs
 * @throws XylemError E_ROUTER when it refuses or does not answer
 */
export async function askForwarder(
  stateFolder: string,
  request: ForwarderRequest,
): Promise<readonly RouteState[] | null> {
  const answer = await ask(localSocketPath(stateFolder, 'router'), request);
  if (answer === null) return null;
  if (answer.ok) return answer.routes;
  throw new XylemError('E_ROUTER', `The forwarder refused: ${answer.message}.`);
}

/** Clients wait for it: it is started again sooner than a service. */
function termsOf({ root, router }: StateLayout): ServiceTerms {
  const isNear = localSocketPath(root, 'router').startsWith(router);
  return {
    restart: { policy: 'always', delayMs: 100, maxDelayMs: 1_000 },
    // A socket in the system's temporary folder would be out of sight for the agent.
    ...(isNear ? {} : { hardening: 'none' }),
  };
}

function ask(path: string, request: ForwarderRequest): Promise<ForwarderAnswer | null> {
  return new Promise((resolve, reject) => {
    const broken = (what: string): void =>
      reject(new XylemError('E_ROUTER', `The forwarder at ${path} can't be asked: ${what}.`));
    const socket = createConnection(path);
    socket.setTimeout(answerMs, () => {
      broken(`no answer in ${answerMs} ms`);
      socket.destroy();
    });
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(null);
      else broken(message);
    });
    socket.once('close', () => broken('it ended the connection'));
    socket.once('connect', () => writeLine(socket, request));
    readLines(socket, (line) => {
      resolve(line as ForwarderAnswer);
      socket.destroy();
    });
  });
}

/**
 * One that runs stays, also that of another version of this program: ending it would end its connections.
 * @throws XylemError E_ROUTER when it does not start
 */
export async function ensureForwarder({
  layout,
  supervisor,
  forwarderCommand,
  clock,
  signal,
}: RouterTools): Promise<void> {
  if ((await askForwarder(layout.root, { op: 'list' })) !== null) return;
  if (forwarderCommand === undefined)
    throw new XylemError('E_ROUTER', 'This agent was started without a forwarder.');
  const start = {
    component: forwarderComponent,
    command: forwarderCommand,
    environment: {},
    workingFolder: layout.root,
    stopTimeoutMs: 5_000,
    tree: '',
    terms: termsOf(layout),
  };
  // All that it may write to, where its supervisor sees to that.
  await mkdir(layout.router, { recursive: true, mode: 0o700 });
  await supervisor.start({ ...start, fingerprint: sha256(jcs(start)) }, {});
  const deadlineMs = clock.monotonicMs() + startMs;
  while ((await askForwarder(layout.root, { op: 'list' })) === null) {
    if (clock.monotonicMs() > deadlineMs) {
      const { where, last } = await supervisor.output(forwarderComponent);
      throw new XylemError(
        'E_ROUTER',
        `The forwarder does not start: ${last === '' ? 'it wrote nothing' : last}. ${where}`,
      );
    }
    await clock.sleep(pauseMs, signal);
  }
}
