import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';

/** Files with a certificate chain and its key, PEM, that the operator has from a CA of their own. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface UserCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

const lookMs = 5_000;

/** @throws XylemError E_INPUT naming the file: not there, not PEM, or a key of another certificate */
export async function readUserCertificate({ certFile, keyFile }: CertificateFiles): Promise<UserCertificate> {
  const [cert, key] = [await contentOf(certFile), await contentOf(keyFile)];
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return { cert, key };
  } catch (cause) {
    throw new XylemError('E_INPUT', `${certFile} and ${keyFile} are no certificate and key in PEM.`, {
      cause,
    });
  }
  throw new XylemError('E_INPUT', `${keyFile} is not the key of the certificate in ${certFile}.`);
}

/**
 * Shows the certificate that lies in the files: whoever renews it replaces them, and new connections get it within
 * seconds. While what lies there can't be used, the former one is shown, and the log says so once.
 */
export async function followUserCertificate(options: {
  readonly files: CertificateFiles;
  readonly shown: UserCertificate;
  readonly server: Server;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { files, server, clock, log, signal } = options;
  let { shown } = options;
  let said = '';
  for (;;) {
    try {
      await clock.sleep(lookMs, signal);
    } catch {
      return;
    }
    try {
      const found = await readUserCertificate(files);
      said = '';
      if (found.cert.equals(shown.cert) && found.key.equals(shown.key)) continue;
      server.setSecureContext(found);
      shown = found;
      log.info('the certificate of the API was replaced', {
        validTo: new X509Certificate(found.cert).validTo,
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== said) log.error('the certificate of the API is not replaced', { error });
      said = message;
    }
  }
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new XylemError('E_INPUT', `${path} can't be read: ${(cause as Error).message}`, { cause });
  }
}
