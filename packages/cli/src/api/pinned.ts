import { X509Certificate } from 'node:crypto';
import type { AgentOptions } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { caIdOf, clientTls, pinnedCa, rootUri, unpinnedTls } from '@xylem/trust';

const connectTimeoutMs = 20_000;

/**
 * Asks the server for its chain, and takes its CA if the pin names it. Nothing secret is sent on this connection.
 * @throws XylemError E_CERTIFICATE, E_PARENT_UNREACHABLE, E_INPUT (no pin)
 */
export async function learnCa(url: string, pin: string): Promise<string> {
  const digest = Buffer.from(pin, 'base64url');
  if (digest.length !== 32)
    throw new XylemError('E_INPUT', `"${pin}" is no pin. It is the last part of a join token.`);
  const { hostname, port } = new URL(url);
  const socket = connect({
    ...unpinnedTls,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 443),
  });
  try {
    await secured(socket, url);
    return pinnedCa(socket, digest, systemClock);
  } finally {
    socket.destroy();
  }
}

/** TLS that trusts this CA alone, and only a certificate that names the root server: a relay's is not enough. */
export function rootTls(caPem: string): AgentOptions {
  const tls = clientTls({ caPem });
  const wanted = rootUri(caIdOf(caPem));
  return {
    ...tls,
    checkServerIdentity: (host, certificate) => {
      const names = new X509Certificate(certificate.raw).subjectAltName?.split(', ') ?? [];
      if (names.includes(`URI:${wanted}`)) return tls.checkServerIdentity(host, certificate);
      return new XylemError('E_CERTIFICATE', `${host} is not the root server of this installation.`);
    },
  };
}

function secured(socket: TLSSocket, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new XylemError('E_PARENT_UNREACHABLE', `${url} does not answer: ${why}`));
    socket.once('secureConnect', resolve);
    socket.once('error', (error) => fail(error.message));
    socket.setTimeout(connectTimeoutMs, () => fail(`no answer within ${connectTimeoutMs / 1000} s`));
  });
}
