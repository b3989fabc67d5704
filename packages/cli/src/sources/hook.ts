import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { XylemError } from '@xylem/core';
import { readBody } from '@xylem/platform';
import { readAddress } from '../frame/address.ts';

const mostBodyBytes = 5 * 1024 * 1024;

/** Waits for webhooks. What they say is not read: they only say that it is time to look. */
export interface Hook {
  readonly address: string;
  /** Resolves at the next one. */
  next(): Promise<void>;
  close(): Promise<void>;
}

/** @throws XylemError E_INPUT (no address, or one that can't be listened at) */
export async function listenForHooks(word: string, secret: string): Promise<Hook> {
  let wake = (): void => undefined;
  const server = createServer((request, response) => {
    void statusOf(request, secret).then((status) => {
      if (status === 202) wake();
      response.writeHead(status, { connection: 'close' }).end();
    });
  });
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new XylemError('E_INPUT', `--listen ${word}: ${cause.message}`, { cause })),
    );
    server.listen(readAddress(word, '--listen'), resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address: `http://${address.includes(':') ? `[${address}]` : address}:${port}/`,
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function statusOf(request: IncomingMessage, secret: string): Promise<number> {
  if (request.method !== 'POST') return 405;
  try {
    return isMeant(request, await readBody(request, mostBodyBytes, 'a webhook'), secret) ? 202 : 401;
  } catch {
    return 413;
  }
}

function isMeant({ headers }: IncomingMessage, body: Uint8Array, secret: string): boolean {
  const signed = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const shown = [
    [headers['x-hub-signature-256'], signed],
    [headers['x-gitlab-token'], secret],
    [headers.authorization, `Bearer ${secret}`],
  ] as const;
  return shown.some(([said, wanted]) => typeof said === 'string' && isSame(said, wanted));
}

/** In a time that says nothing about where they differ. */
function isSame(said: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', 'same').update(text).digest();
  return timingSafeEqual(digest(said), digest(wanted));
}
