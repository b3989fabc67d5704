import { X509Certificate } from 'node:crypto';
import type { AgentOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { XylemError } from '@xylem/core';
import { createHttpClient, systemClock } from '@xylem/platform';
import { caIdOf, clientTls, pinnedCa, rootUri, unpinnedTls } from '@xylem/trust';

/**
 * Asks the server for its chain, and takes its CA if the pin names it. Nothing secret is sent on this connection.
 * @throws XylemError E_CERTIFICATE, E_PARENT_UNREACHABLE, E_INPUT (no pin)
 */
export async function learnCa(url: string, pin: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const digest = Buffer.from(pin, 'base64url');
  if (digest.length !== 32)
    throw new XylemError('E_INPUT', `"${pin}" is no pin. It is the last part of a join token.`);
  const http = createHttpClient({ tls: unpinnedTls, proxyEnvironment: environment });
  try {
    const { body, socket } = await http.request({ method: 'GET', url: `${new URL(url).origin}/parents` });
    const found = pinnedCa(socket as TLSSocket, digest, systemClock);
    body.on('error', () => undefined).destroy();
    return found;
  } finally {
    http.close();
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
