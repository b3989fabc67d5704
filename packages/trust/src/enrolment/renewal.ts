import { X509Certificate } from 'node:crypto';

/**
 * When a certificate should be renewed, milliseconds since 1970: after two thirds of its life, of 30 days after 20.
 * @param spread [0, 1): the host's own fixed place in the day after that, so that a fleet does not renew at once
 */
export function renewalDueAt(certificatePem: string, spread = 0): number {
  const certificate = new X509Certificate(certificatePem);
  const from = Date.parse(certificate.validFrom);
  const lifetimeMs = Date.parse(certificate.validTo) - from;
  return from + (lifetimeMs * 2) / 3 + (spread * lifetimeMs) / 30;
}

/** Whether to renew now. Expired ones too: within the root server's grace they may still renew. */
export function renewalDue(certificatePem: string, nowMs: number, spread = 0): boolean {
  return nowMs >= renewalDueAt(certificatePem, spread);
}
