import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { type EnvironmentId, type HostId, isEnvironmentId, isHostId } from '@xylem/core';

/** What a certificate of the installation says about its holder, from the URIs of its subject alternative names. */
export interface HostAddress {
  readonly host: HostId | null;
  readonly environment: EnvironmentId | null;
  /** Environments that it may serve to others; `*`: all; null: it is no relay. */
  readonly serves: readonly EnvironmentId[] | '*' | null;
  readonly root: boolean;
}

/** `xylem://<ca>/environment/<environment>/host/<host>` */
export function hostUri(ca: string, environment: EnvironmentId, host: HostId): string {
  return `xylem://${ca}/environment/${environment}/host/${host}`;
}

/** `xylem://<ca>/serve/<environment>`, or for all `/serve/*` */
export function serveUri(ca: string, environment: EnvironmentId | '*'): string {
  return `xylem://${ca}/serve/${environment}`;
}

/** `xylem://<ca>/root` */
export function rootUri(ca: string): string {
  return `xylem://${ca}/root`;
}

/** SHA-256 of a SubjectPublicKeyInfo, 32 bytes: what a join token pins. */
export function spkiPin(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest();
}

/** The key of a certificate; null: of a kind that can't be read, which the certificate itself does not show before. */
export function keyIn(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

/** A CA's certificate, read. */
export interface Ca {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** In URIs: the first 32 hexadecimal digits of its pin. */
  readonly id: string;
}

let known: { readonly pem: string; readonly ca: Ca } | undefined;

/** A process has one CA as a rule, and asks for it at every connection: the last one is kept. */
export function caOf(pem: string): Ca {
  if (known?.pem !== pem) {
    const certificate = new X509Certificate(pem);
    const key = certificate.publicKey;
    known = { pem, ca: { certificate, key, id: spkiPin(key).toString('hex').slice(0, 32) } };
  }
  return known.ca;
}

export const caIdOf = (caPem: string): string => caOf(caPem).id;

/**
 * Reads the URIs of node's `subjectAltName` text. URIs of another CA, another form, or of another kind of name are
 * passed over: they give no right.
 */
export function addressOf(subjectAltName: string | undefined, ca: string): HostAddress {
  let host: HostId | null = null;
  let environment: EnvironmentId | null = null;
  let root = false;
  let servesAll = false;
  const serves: EnvironmentId[] = [];
  const start = `URI:xylem://${ca}/`;
  for (const name of (subjectAltName ?? '').split(', ')) {
    // A name with a comma or quote is written in quotes, so that it can't pass for two.
    if (!name.startsWith(start)) continue;
    const [kind = '', first = '', second = '', third = '', ...rest] = name.slice(start.length).split('/');
    if (rest.length > 0) continue;
    if (kind === 'environment' && second === 'host' && isEnvironmentId(first) && isHostId(third)) {
      environment = first;
      host = third;
    } else if (kind === 'serve' && second === '' && isEnvironmentId(first)) serves.push(first);
    else if (kind === 'serve' && second === '' && first === '*') servesAll = true;
    else if (kind === 'root' && first === '') root = true;
  }
  return { host, environment, serves: servesAll ? '*' : serves.length > 0 ? serves : null, root };
}
