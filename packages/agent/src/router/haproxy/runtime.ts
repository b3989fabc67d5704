import { createConnection } from 'node:net';
import { XylemError } from '@xylem/core';

const answerMs = 5_000;
const mostCharacters = 4 * 1024 * 1024;

/** One command over HAProxy's admin socket, and all that it answers. @throws XylemError E_ROUTER */
export function haproxyCommand(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const broken = (what: string): void =>
      reject(
        new XylemError(
          'E_ROUTER',
          `HAProxy can't be asked by ${socketPath}: ${what}. Does it run, and is that its stats socket with level admin?`,
        ),
      );
    let answer = '';
    const socket = createConnection(socketPath, () => socket.write(`${command}\n`));
    socket.setEncoding('utf8');
    socket.setTimeout(answerMs, () => socket.destroy(new Error(`no answer in ${answerMs} ms`)));
    socket.on('data', (piece: string) => {
      answer += piece;
      if (answer.length > mostCharacters) socket.destroy(new Error('its answer is too long'));
    });
    socket.once('error', ({ message }) => broken(message));
    socket.once('end', () => resolve(answer));
  });
}

/** One server of a backend as `show servers state` says (HAProxy 2.6, management guide 9.3). */
export interface HaproxyServer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** It gets new connections. */
  readonly leads: boolean;
}

const running = '2';
/** Maintenance and drain, forced or inherited. */
const outOfUse = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20;

/** The servers in an answer to `show servers state BACKEND`. Pure. */
export function serversIn(answer: string): HaproxyServer[] {
  const lines = answer.split('\n').map((line) => line.trim());
  const heading =
    lines
      .find((line) => line.startsWith('# '))
      ?.slice(2)
      .split(' ') ?? [];
  const at = (fields: readonly string[], name: string): string => fields[heading.indexOf(name)] ?? '';
  return lines
    .filter((line) => line !== '' && !line.startsWith('#') && line.includes(' '))
    .map((line) => line.split(' '))
    .filter((fields) => fields.length >= heading.length && heading.length > 0)
    .map((fields) => ({
      name: at(fields, 'srv_name'),
      address: at(fields, 'srv_addr'),
      port: Number(at(fields, 'srv_port')),
      leads:
        at(fields, 'srv_op_state') === running && (Number(at(fields, 'srv_admin_state')) & outOfUse) === 0,
    }));
}

/** Current sessions of a server in an answer to `show stat`. Pure. */
export function sessionsIn(answer: string, backend: string, server: string): number | null {
  const [head = '', ...lines] = answer.split('\n');
  const heading = head.replace(/^# /, '').split(',');
  for (const line of lines) {
    const fields = line.split(',');
    if (fields[0] === backend && fields[1] === server) return Number(fields[heading.indexOf('scur')]);
  }
  return null;
}
