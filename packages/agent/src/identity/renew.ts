import { X509Certificate } from 'node:crypto';
import { XylemError } from '@xylem/core';
import { buildRenewRequest, type Identity, rawOfSpki, renewalDueAt } from '@xylem/trust';
import type { AsksParents } from '../parents/parents.ts';
import { postToFirst } from '../parents/requests.ts';
import type { CurrentIdentity } from './current.ts';
import { mayServe, type Role } from './role.ts';

export interface RenewalOptions extends AsksParents {
  readonly identity: CurrentIdentity;
  readonly role: Role;
  readonly onFault: (fault: XylemError | null) => void;
}

const lookMs = 3_600_000;
const retryMs = 600_000;
const roleRetryMs = 30_000;
const maxAnswerBytes = 256 * 1024;

/**
 * Keeps this host's certificate alive until the signal ends it. An expired one renews as well, and one that says
 * otherwise than direction whether this host serves does so at once.
 */
export async function renewCertificate(options: RenewalOptions): Promise<void> {
  const { identity, role, clock, randomness, signal, log, onFault } = options;
  const spread = Number.parseInt(identity.get().host.slice(0, 8), 16) / 2 ** 32;
  while (!signal.aborted) {
    const dueInMs = renewalDueAt(identity.get().certificatePem, spread) - clock.now();
    let pauseMs = Math.min(lookMs, Math.max(1_000, dueInMs));
    if (dueInMs <= 0 || role.isDue()) {
      try {
        await renew(options);
        role.tell();
        if (role.isDue()) throw otherRole();
        onFault(null);
      } catch (cause) {
        if (signal.aborted) return;
        log.warn('certificate not renewed', { cause });
        onFault(cause instanceof XylemError ? cause : null);
        pauseMs = (role.isDue() ? roleRetryMs : retryMs) * (0.5 + randomness.fraction());
      }
    } else onFault(null);
    await role.sleep(pauseMs, signal).catch(() => undefined);
  }
}

async function renew(options: RenewalOptions): Promise<void> {
  const { identity, parents, log } = options;
  const own = identity.get();
  const post = {
    path: '/renew',
    body: buildRenewRequest(own.key, own.host),
    maxBytes: maxAnswerBytes,
    // A relay asks its own parents, up to the root server.
    idleTimeoutMs: 60_000,
    nobody: 'No parent of this host renews certificates.',
  };
  const urls = parents.urls().filter((parent) => parent.startsWith('https:'));
  await postToFirst(options, urls, post, async (answer) => {
    const certificatePem = renewedCertificate(answer, own);
    await identity.renewed(certificatePem);
    log.info('certificate renewed', { validTo: new X509Certificate(certificatePem).validTo });
  });
}

/**
 * A relay in between could answer anything: the certificate must be of our key (or of the one that was asked for), by our
 * CA, and say the same names.
 * @throws XylemError E_CERTIFICATE
 */
export function renewedCertificate(
  answer: Uint8Array,
  own: Identity,
  key: Uint8Array = own.key.public,
  why: 'renewed' | 'moved' = 'renewed',
): string {
  try {
    const { certificate } = JSON.parse(Buffer.from(answer).toString('utf8')) as { certificate?: unknown };
    if (typeof certificate !== 'string') throw new Error('no certificate');
    const fresh = new X509Certificate(certificate);
    const old = new X509Certificate(own.certificatePem);
    const ca = new X509Certificate(own.caPem);
    if (!fresh.checkIssued(ca) || !fresh.verify(ca.publicKey)) throw new Error('not issued by our CA');
    const isOtherKey = !equalBytes(key, own.key.public);
    const freshKey = rawOfSpki(fresh.publicKey.export({ format: 'der', type: 'spki' }));
    if (freshKey === null || !equalBytes(freshKey, key)) throw new Error('of another key');
    if (fresh.subject !== old.subject) throw new Error('of another host');
    const longerMs = Date.parse(fresh.validTo) - Date.parse(old.validTo);
    const isOtherRole = mayServe({ certificatePem: certificate, caPem: own.caPem }) !== mayServe(own);
    // Given for another role within the second in which the old one was given, it ends with that.
    if (longerMs < 0 || (longerMs === 0 && !isOtherRole && !isOtherKey && why === 'renewed'))
      throw new Error('not valid for longer');
    return certificate;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError('E_CERTIFICATE', `The renewed certificate is refused: ${reason}.`, { cause });
  }
}

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function otherRole(): XylemError {
  return new XylemError(
    'E_CERTIFICATE',
    'The renewed certificate says otherwise than direction whether this host serves; it is asked for again.',
  );
}
